; What is defined
(class_declaration name: (identifier) @name) @type
(interface_declaration name: (identifier) @name) @type
(enum_declaration name: (identifier) @name) @type
(record_declaration name: (identifier) @name) @type
(annotation_type_declaration name: (identifier) @name) @type
(method_declaration name: (identifier) @name) @function
(constructor_declaration name: (identifier) @name) @function

; What is imported
(import_declaration [(scoped_identifier) (identifier)] @module)

; What is named
[
  (identifier)
  (type_identifier)
] @use
