"""A task as a git repository: one commit, the same everywhere."""

from pathlib import Path

from swarm.bench.tasks import BenchTask
from swarm.domain.errors import Lacking, Rejected
from swarm.domain.names import CommitHash
from swarm.testing.git import a_repository


def make_repository(task: BenchTask, into: Path) -> CommitHash:
    """Write and commit the task's files. Raises Rejected when `into` holds anything."""
    if into.exists() and any(into.iterdir()):
        raise Rejected(f"{into} is not empty", advice="name a folder that does not exist yet")
    try:
        return a_repository(into, task.files, message=f"Add {task.name}")
    except FileNotFoundError as error:
        raise Lacking("there is no git on PATH", advice="install git") from error
