"""Code that travels into the sandbox as text and runs there, in our own interpreter.

Law: standard library and tree-sitter's compiled parts only; nothing of swarm is imported.

    scan  reads files and tells what each defines, imports and uses
"""
