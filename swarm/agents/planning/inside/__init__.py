"""Code that travels into the sandbox as text and runs in the target's interpreter.

Law: standard library only, Python >= 3.9, nothing of swarm is imported.

    tracer  goes behind a runner's script of `swarm.tools` and records what each test executes
"""
