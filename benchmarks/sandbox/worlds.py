"""Repositories of made-up files, and git as people use it."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_NAMED = ("-c", "user.name=b", "-c", "user.email=b@b")


@dataclass(frozen=True, slots=True)
class World:
    """A directory of files, and a repository with the same."""

    base: Path
    repository: Path
    files: int


def made(folder: Path, files: int) -> World:
    """Small sources, fifty to a directory."""
    world = World(folder / f"base-{files}", folder / f"repository-{files}", files)
    for top in (world.base, world.repository):
        for number in range(files):
            path = top / f"d{number // 50}/file{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"value = {number}\n" * 20)
    git(world.repository, "init", "-q")
    git(world.repository, "add", ".")
    git(world.repository, *_NAMED, "commit", "-qm", "base")
    return world


def heavy(folder: Path, megabytes: int) -> Path:
    """A base of so much that cannot be compressed."""
    base = folder / "heavy"
    for number in range(megabytes):
        path = base / f"d{number // 10}/file{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(1 << 20))
    return base


def add_worktree(world: World, place: Path) -> None:
    git(world.repository, "worktree", "add", "-q", "--detach", str(place), "HEAD")


def remove_worktree(world: World, place: Path) -> None:
    git(world.repository, "worktree", "remove", "--force", str(place))


def change(tree: Path, number: int) -> None:
    """As a step of an agent's: six files edited, one removed."""
    for each in range(6):
        with (tree / f"d{each}/file{each * 50}.py").open("a") as file:
            file.write(f"more = {number}\n")
    (tree / f"d7/file{350 + number}.py").unlink()


def commit(tree: Path) -> None:
    git(tree, "add", "-A")
    git(tree, *_NAMED, "commit", "-qm", "step")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)
