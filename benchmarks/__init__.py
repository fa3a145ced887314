"""Measurements of swarm: `python -m benchmarks` runs them all and prints tables and ratios."""
