"""Code that travels into the sandbox as text and runs in the target's interpreter.

Law: standard library only, Python >= 3.9, nothing of swarm is imported.

    scan  reads files and tells what each defines, imports and uses
"""
