"""Code of the reviewers that travels into the sandbox; its law is that of `swarm.tools.inside`.

recorder     goes behind a runner's script and records what tests observe
"""
