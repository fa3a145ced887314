"""The door of swarm.cli."""

from swarm.cli.app import main

__all__ = ["main"]
