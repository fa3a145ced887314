"""From what was typed to a goal; nothing is written yet."""

import secrets
import string
import sys
from dataclasses import dataclass
from pathlib import Path

from swarm.actors.public_api import EarlyHouse, GoalRequest, Make, prepare_goal
from swarm.cli.options import Runtime
from swarm.domain.errors import Rejected
from swarm.domain.goals import Goal
from swarm.domain.grants import MOST_GRANTS, Grant, is_place
from swarm.domain.money import micro_usd
from swarm.domain.names import GoalId
from swarm.settings.public_api import Settings

_LETTERS = string.ascii_lowercase + string.digits


@dataclass(frozen=True, slots=True)
class Asked:
    """A run as it was typed."""

    text: str
    repository: Path
    test: str | None = None
    python: Path | None = None
    fix_failing: bool = False
    value: str | None = None
    budget: str | None = None
    minutes: int | None = None
    writers: int | None = None
    rule: str = "market"
    unsafe_worktree: bool = False
    untrusted: bool = False
    grants: tuple[str, ...] = ()
    """Protected places that it may change."""

    unattended: bool = False
    """Nobody looks on: it is left alone, or what it says goes to no terminal."""

    build: bool | None = None
    """Whether to build what the tests need; None: as the settings say."""

    runtime: Runtime = "ray"
    address: str | None = None
    early: EarlyHouse | None = None
    """The coordinator's process, if it was begun when this was typed."""


def goal_of(asked: Asked, settings: Settings, make: Make | None = None) -> Goal:
    """Inspect the repository and its environment. Raises what is wrong with the request."""
    request = GoalRequest(
        text=asked.text.strip() or ("Make the failing tests pass" if asked.fix_failing else ""),
        repository=asked.repository,
        test=asked.test,
        python=asked.python,
        fix_failing=asked.fix_failing,
        value=_amount(asked.value),
        budget=_amount(asked.budget),
        minutes=asked.minutes,
        writers=asked.writers,
        rule=asked.rule,
        unsafe_worktree=asked.unsafe_worktree,
        trusted=not asked.untrusted,
        unattended=asked.unattended,
        grants=granted(asked.grants),
    )
    return prepare_goal(request, settings, new_id=new_goal_id, make=make)


def granted(paths: tuple[str, ...]) -> tuple[Grant, ...]:
    """By whoever types. Raises Rejected for what may not be granted."""
    for path in paths:
        if not is_place(path):
            raise Rejected(
                f"{path!r} cannot be granted", advice="a path from the top of the repository"
            )
    if len(paths) > MOST_GRANTS:
        raise Rejected(f"{len(paths)} grants; at most {MOST_GRANTS}")
    return tuple(Grant(path=path, by="the command line") for path in dict.fromkeys(paths))


def watched() -> bool:
    """Whether somebody may be looking on."""
    return sys.stderr.isatty()


def new_goal_id() -> GoalId:
    return GoalId("g-" + "".join(secrets.choice(_LETTERS) for _ in range(6)))


def _amount(typed: str | None) -> int | None:
    return None if typed is None else micro_usd(typed)
