; What is defined
(function_item name: (identifier) @name) @function
(function_signature_item name: (identifier) @name) @function
(macro_definition name: (identifier) @name) @function
(struct_item name: (type_identifier) @name) @type
(enum_item name: (type_identifier) @name) @type
(union_item name: (type_identifier) @name) @type
(trait_item name: (type_identifier) @name) @type
(mod_item name: (identifier) @name body: (_)) @type
(type_item name: (type_identifier) @name) @value
(const_item name: (identifier) @name) @value
(static_item name: (identifier) @name) @value
(impl_item
  type: [
    (type_identifier) @name
    (generic_type type: (type_identifier) @name)
    (scoped_type_identifier name: (type_identifier) @name)
  ]) @scope

; What is imported
(use_declaration argument: (_) @module)
(mod_item name: (identifier) @beside !body)

; What is named
[
  (identifier)
  (field_identifier)
  (type_identifier)
  (shorthand_field_identifier)
] @use
