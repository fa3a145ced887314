; What is defined
(class name: [(constant) @name (scope_resolution name: (constant) @name)]) @type
(module name: [(constant) @name (scope_resolution name: (constant) @name)]) @type
(method name: (_) @name) @function
(singleton_method name: (_) @name) @function
(assignment left: (constant) @name) @value

; What is imported
((call method: (identifier) @object arguments: (argument_list . (string (string_content) @module)))
  (#eq? @object "require"))
((call method: (identifier) @object arguments: (argument_list . (string (string_content) @beside)))
  (#eq? @object "require_relative"))

; What is named
[
  (identifier)
  (constant)
] @use
