"""From a person's words to a goal: what repository, which base, how its tests run, what it is worth.

Everything that can be wrong with a request is found here, before anything is written.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from swarm.actors.environments import Make, Wish, choose_environment
from swarm.actors.places import Places
from swarm.domain.errors import Lacking, NeedsHuman, Rejected
from swarm.domain.goals import Environment, Goal, SandboxChoice
from swarm.domain.grants import Grant
from swarm.domain.names import GoalId
from swarm.market.public_api import read_rule
from swarm.repository.public_api import demand_room, inspect
from swarm.sandbox.public_api import SandboxMode, choose, permitted
from swarm.services.public_api import demand_programs
from swarm.settings.public_api import Settings

LONGEST_TEXT = 200_000


@dataclass(frozen=True, slots=True)
class GoalRequest:
    """`value` and `budget` are micro-USD; None = as the settings say."""

    text: str
    repository: Path
    test: str | None = None
    python: Path | None = None
    fix_failing: bool = False
    value: int | None = None
    budget: int | None = None
    minutes: int | None = None
    writers: int | None = None
    rule: str = "market"
    unsafe_worktree: bool = False
    trusted: bool = True
    """The text and the repository are the user's own, or from people whom the user trusts."""

    grants: tuple[Grant, ...] = ()
    """Protected places that it may change."""

    unattended: bool = False
    """Nobody looks on while it is worked on."""


def prepare_goal(
    request: GoalRequest,
    settings: Settings,
    *,
    new_id: Callable[[], GoalId],
    make: Make | None = None,
) -> Goal:
    """Raises Rejected, NeedsHuman or Lacking with what is wrong and what to do.

    `make` may build what the tests need and nothing at hand has.
    """
    _check(request)
    walls = _walls(request, settings)
    repository = inspect(request.repository.absolute())
    demand_room(repository.top)
    places = Places(settings.home)
    wish = Wish(request.python, request.test)
    chosen = choose_environment(repository, wish, places.environments, make)
    environment = _served(chosen, walls)
    return Goal(
        goal_id=new_id(),
        text=request.text,
        repository=str(repository.top),
        base=repository.base,
        base_tree=repository.base_tree,
        environment=environment,
        fix_failing=request.fix_failing,
        value=settings.value if request.value is None else request.value,
        wrong_cost=settings.wrong_cost,
        budget=settings.budget if request.budget is None else request.budget,
        seconds=60 * (request.minutes or settings.goal_minutes),
        writers=request.writers or settings.writers,
        sandbox=walls,
        rule=request.rule,
        grants=request.grants,
    )


def _served(environment: Environment, walls: SandboxChoice) -> Environment:
    """Services run where a sandbox has a network of its own. Raises Lacking where it has none, or
    where there is no program to run.
    """
    if walls == "unsafe-worktree":
        # What runs there reaches the machine's own servers, as it does from the user's shell.
        return environment.model_copy(update={"services": ()})
    if walls == "landlock" and environment.services:
        names = ", ".join(each.called for each in environment.services)
        raise Lacking(
            f"the tests want {names}, and sandboxes behind Landlock have no network for it",
            advice="a machine where namespaces work (swarm doctor), or an empty section [services]"
            " in the repository's swarm.toml if tests can do without",
        )
    demand_programs(environment.services, Path(environment.python))
    return environment


def remarks(path: Path) -> tuple[str, ...]:
    """What a user should know about a repository before agents work on it."""
    repository = inspect(path)
    told = []
    if repository.dirty:
        told.append(
            f"agents work on the commit {repository.base[:12]}: what is not committed stays as it"
            " is, and is not looked at"
        )
    if repository.branch is None:
        told.append("no branch is checked out: the pull request is for that very commit")
    if repository.submodules:
        told.append("submodules are left out: agents see empty folders in their place")
    return tuple(told)


def _walls(request: GoalRequest, settings: Settings) -> SandboxChoice:
    """Raises NeedsHuman where they are too weak for whose words these are, Lacking where there are
    none.
    """
    walls = "unsafe-worktree" if request.unsafe_worktree else _strongest(settings)
    why = permitted(
        walls,
        unattended=request.unattended,
        trusted=request.trusted and not settings.untrusted,
        noted=None if settings.sandbox in ("auto", "isolated") else walls,
    )
    if why:
        raise NeedsHuman(why, advice="swarm doctor tells what gives this machine better walls")
    return walls


def _strongest(settings: Settings) -> SandboxMode:
    """Tried where sandboxes will be; before there is a state folder, in a temporary one."""
    work = Places(settings.home).work
    if work.is_dir():
        return choose(work, settings.sandbox)
    with tempfile.TemporaryDirectory(prefix="swarm-walls-") as folder:
        Path(folder).chmod(0o711)  # another user's sandboxes are tried as well
        return choose(Path(folder), settings.sandbox)


def _check(request: GoalRequest) -> None:
    read_rule(request.rule)
    if not request.text.strip() and not request.fix_failing:
        raise Rejected(
            "the goal is empty", advice='say what is wanted: swarm run "fix tests/test_x.py"'
        )
    if len(request.text) > LONGEST_TEXT:
        raise Rejected(
            f"the goal has {len(request.text)} characters; {LONGEST_TEXT} are the most",
            advice="shorten it, or put the long part into a file of the repository",
        )
    for name, amount in (("value", request.value), ("budget", request.budget)):
        if amount is not None and amount < 0:
            raise Rejected(f"the {name} is negative")
    for name, count in (("minutes", request.minutes), ("writers", request.writers)):
        if count is not None and count < 1:
            raise Rejected(f"{name} must be at least 1")
