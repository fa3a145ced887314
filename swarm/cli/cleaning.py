"""Give the disk back: what is left of sandboxes, old working copies, or everything.

Only what swarm made is removed, by name: a state folder set to somebody's home by mistake stays
that home.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.actors.public_api import Places, coordinator_alive
from swarm.cli.abandoned import abandoned
from swarm.cli.documents import Json
from swarm.cli.page import plain_table
from swarm.cli.session import open_session
from swarm.cli.watching import Watch
from swarm.cli.words import cell, size
from swarm.coordination.public_api import GoalState
from swarm.domain.errors import Rejected
from swarm.domain.names import GoalId
from swarm.repository.public_api import Mirror
from swarm.sandbox.public_api import keep_only, remove_leftovers

ORDINARY = {
    "journal": "what has happened, with its evidence",
    "mirrors": "every step of every task",
    "work": "sandboxes and trees",
    "environments": "what tests run with, built",
    "models": "what models answered, and what was asked of them",
    "facts": "what was learned about repositories",
    "forge": "pull requests",
    "keys": "the agents' signatures",
    "inbox": "commands on their way",
    "logs": "logs",
    "agents.json": "the last picture of the agents",
    "own-agents.json": "the agents of yours that were brought, while goals are open",
    "canaries.jsonl": "what checks said of changes that are known to be right or wrong",
    "tools.json": "what was approved of the tools of others",
    "ray.token": "what Ray processes know each other by",
}
"""What lies in a state folder, and what it is for."""

PARTS = {
    "checkpoints": "what sandboxes held at each step of goals",
    "services": "databases, made and seeded",
}
"""What lies below `work` and is counted by itself."""


def clean_up(*, everything: bool, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    places = session.places
    alive = coordinator_alive(places)
    before = sizes(places)
    if everything:
        _demand_nobody(alive)
        remove_all(places)
    elif not alive:
        goals = Watch(places).catch_up().goals
        remove_work(places, steps_of(goals.values()))
        remove_parts(places)
        forget_old(places, goals)
    after = sizes(places)
    freed = sum(max(octets - after.get(name, 0), 0) for name, octets in before.items())
    thrown = {} if alive else remove_abandoned(session.now())
    freed += sum(thrown.values())
    told = "swarm is at work: nothing was removed" if alive else f"{size(freed)} freed"
    left = sorted(path.name for path in _strangers(places)) if everything else []
    document: Json = {
        "home": str(places.home),
        "freed_bytes": freed,
        "bytes": after,
        "running": alive,
        "left": left,
        "temporary": sorted(map(str, thrown)),
    }
    session.show(_view(places, told, after, left, thrown), document)


def sizes(places: Places) -> dict[str, int]:
    """Bytes on disk by what they are for."""
    found = {name: _total(places.home / name) for name in ORDINARY if (places.home / name).exists()}
    parts = {
        "checkpoints": sum(map(_total, places.work.glob("*/boxes/checkpoints"))),
        "services": _total(places.work / "services"),
    }
    if "work" in found:
        found["work"] -= sum(parts.values())
    return found | {name: octets for name, octets in parts.items() if octets}


def steps_of(goals: Iterable[GoalState]) -> frozenset[str]:
    """Checkpoints that goals which are not over may still go back to."""
    needed = [state for state in goals if _is_needed(state)]
    marked = (mark.step.checkpoint for state in needed for mark in state.marks)
    left = (each.left for state in needed for each in state.attempts.values())
    asked = (world.checkpoint for world in left if world is not None)
    return frozenset(each.sandbox for each in (*marked, *asked) if each is not None)


def remove_work(places: Places, keep: frozenset[str] = frozenset()) -> None:
    """Sandboxes with their mounts and processes, and the trees they were made from.

    `keep`: checkpoints that stay; and with any of them what services hold, for it lies below them.
    """
    if not places.work.is_dir():
        return
    _end_boxes(places.work)
    kept = {
        boxes.parent for boxes in places.work.glob("*/boxes") if keep and keep_only(boxes, keep)
    }
    for child in places.work.iterdir():
        if child in kept:
            _remove_but(child, ("boxes", "checkpoints"))
        elif not kept or child.name != "services":
            _remove(child)


def _remove_but(folder: Path, path: tuple[str, ...]) -> None:
    """Everything below but that path."""
    for child in folder.iterdir() if path else ():
        if child.name == path[0]:
            _remove_but(child, path[1:])
        else:
            _remove(child)


def remove_parts(places: Places) -> None:
    """What killed builders of environments left."""
    for part in places.environments.glob(".part-*"):
        _remove(part)


def remove_abandoned(now: int) -> dict[Path, int]:
    """What Ray and its hosts left in the temporary folder, with its bytes. `now`: milliseconds."""
    thrown = {}
    for folder in abandoned(Path(os.environ.get("TMPDIR") or "/tmp"), now / 1000):  # noqa: S108
        thrown[folder] = _total(folder)
        _end_boxes(folder)
        _remove(folder)
    return thrown


def _end_boxes(folder: Path) -> None:
    for scratch in folder.rglob("boxes"):
        remove_leftovers(scratch)


def forget_old(places: Places, goals: dict[GoalId, GoalState]) -> None:
    """Steps of goals that are over and decided; mirrors of repositories that are gone."""
    keep = _needed(goals)
    repositories = {state.goal.repository for state in goals.values()}
    for repository in sorted(repositories):
        folder = places.mirror_of(repository)
        if folder.is_dir():
            _slim(folder, Path(repository), goals, keep)


def remove_all(places: Places) -> None:
    remove_work(places)
    for name in ORDINARY:
        _remove(places.home / name)
    if places.home.is_dir() and not any(places.home.iterdir()):
        places.home.rmdir()


def _needed(goals: dict[GoalId, GoalState]) -> set[GoalId]:
    """Goals whose steps are kept: also those that a needed one began with the record of."""
    needed = {name for name, state in goals.items() if _is_needed(state)}
    found = set(needed)
    while found := {of for name in found if (of := goals[name].of) is not None} - needed:
        needed |= found
    return needed


def _is_needed(state: GoalState) -> bool:
    return not state.status.is_final or (state.published is not None and not state.landed)


def _slim(
    folder: Path, repository: Path, goals: dict[GoalId, GoalState], keep: set[GoalId]
) -> None:
    if not repository.is_dir():
        _remove(folder)
        return
    mirror = Mirror.open(folder, repository)
    for goal_id in mirror.goals():
        if goal_id not in keep:
            mirror.forget(goal_id)
    mirror.prune(frozenset(goals[name].goal.base for name in keep))


def _demand_nobody(alive: bool) -> None:
    if alive:
        raise Rejected(
            "swarm is at work in this state folder",
            advice="wait for its goals, or stop them (swarm show, swarm stop GOAL)",
        )


# Files ------------------------------------------------------------------------------------------


def _strangers(places: Places) -> Iterator[Path]:
    if places.home.is_dir():
        yield from places.home.iterdir()


def _below(path: Path) -> Iterator[Path]:
    yield path
    if path.is_dir() and not path.is_symlink():
        yield from path.rglob("*")


def _total(path: Path) -> int:
    return sum(_octets(each) for each in _below(path))


def _octets(path: Path) -> int:
    try:
        return path.lstat().st_blocks * 512
    except FileNotFoundError:
        return 0  # it went away while we looked


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=_unlock)
    else:
        path.unlink(missing_ok=True)


def _unlock(function: Callable[..., Any], path: str, _: object) -> None:
    """A sandbox may leave folders that even their owner may not open."""
    Path(path).parent.chmod(0o700)
    Path(path).chmod(0o700)
    function(path)


def _view(
    places: Places, told: str, after: dict[str, int], left: list[str], thrown: Iterable[Path]
) -> Group:
    table = plain_table(str(places.home), "", "")
    for name, octets in after.items():
        table.add_row(name, size(octets), cell((ORDINARY | PARTS)[name], "dim"))
    table.add_row("together", size(sum(after.values())), "")
    parts: list[RenderableType] = [Text(told, style="bold"), table]
    parts += [cell(f"removed: {folder}", "dim") for folder in thrown]
    if left:
        parts.append(cell(f"not swarm's, left alone: {', '.join(left)}", "yellow"))
    return Group(*parts)
