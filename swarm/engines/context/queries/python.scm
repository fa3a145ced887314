; What is defined
(class_definition name: (identifier) @name) @type
(function_definition name: (identifier) @name) @function
(module (expression_statement (assignment left: (identifier) @name) @value))
(type_alias_statement left: (type (identifier) @name)) @value

; What is imported
(import_statement name: (dotted_name) @module)
(import_statement name: (aliased_import name: (dotted_name) @module))
(import_from_statement module_name: (_) @module name: (dotted_name) @imported)
(import_from_statement module_name: (_) @module name: (aliased_import name: (dotted_name) @imported))
(import_from_statement module_name: (_) @module (wildcard_import))

; What is named
(identifier) @use
