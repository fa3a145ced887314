"""The demo: a small project with two mistakes, and swarm at work on it."""

import os
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from swarm.actors.public_api import EarlyHouse
from swarm.cli.ending import Steps
from swarm.cli.keeping import Keeper
from swarm.cli.options import Runtime
from swarm.cli.running import submit
from swarm.cli.session import Session, open_session
from swarm.cli.starting import Asked, goal_of
from swarm.cli.walls import walls_or_none
from swarm.coordination.public_api import GoalState
from swarm.demo.public_api import Planted, plant

PROJECT, STATE = "timebook", "state"
FAREWELL_SECONDS = 20.0


def show_off(
    seed: int,
    runtime: Runtime,
    keep: Path | None,
    *,
    as_json: bool,
    early: EarlyHouse | None = None,
) -> int:
    """Where nothing is to be kept, project and state are gone afterwards: the user's own state
    folder, too, is only used for what stays.
    """
    if keep is not None:
        return _show(seed, runtime, keep.absolute(), kept=True, as_json=as_json, early=early)
    with tempfile.TemporaryDirectory(prefix="swarm-demo-", ignore_cleanup_errors=True) as folder:
        return _show(seed, runtime, Path(folder), kept=False, as_json=as_json, early=early)


def _show(
    seed: int,
    runtime: Runtime,
    folder: Path,
    *,
    kept: bool,
    as_json: bool,
    early: EarlyHouse | None,
) -> int:
    planted = plant(seed, folder / PROJECT)
    own_home = has_own_home(os.environ, kept=kept)
    overrides = {"home": str(folder / STATE)} if own_home else {}
    session = open_session(as_json=as_json, overrides=overrides, make=True)
    _announce(session, planted)
    unsafe = walls_or_none(session) == "unsafe-worktree"
    goal = goal_of(_asked(planted, unsafe=unsafe), session.settings)
    keeper = Keeper(session.places, runtime, None, waits=kept, early=early)
    try:
        return submit(
            session,
            goal,
            keeper,
            lambda state: steps(session.places.home, state, kept=kept, own_home=own_home),
        )
    finally:
        if not kept:
            keeper.see_off(FAREWELL_SECONDS)


def has_own_home(environ: Mapping[str, str], *, kept: bool) -> bool:
    """A goal whose repository is thrown away is none that the user's state folder should hold."""
    return not kept or "SWARM_HOME" not in environ


def _asked(planted: Planted, *, unsafe: bool) -> Asked:
    return Asked(
        text="Make the failing tests pass",
        repository=planted.repository,
        fix_failing=True,
        unsafe_worktree=unsafe,
    )


def _announce(session: Session, planted: Planted) -> None:
    session.say(f"A small project with {len(planted.bugs)} mistakes: {planted.repository}", "bold")
    session.say(f"They break {', '.join(planted.breaks)}", "dim")


def steps(home: Path, state: GoalState, *, kept: bool, own_home: bool) -> Steps:
    """What may be typed next: nothing that needs a pull request where there is none."""
    own = ("swarm run --fix-failing --repo PATH", "the same for a repository of yours")
    if not kept:
        keep = ("swarm demo --keep ./demo", "once more, to look at everything afterwards")
        return (keep, own)
    prefix = f"SWARM_HOME={shlex.quote(str(home))} " if own_home else ""
    there = (f"{prefix}swarm show", "what there is")
    if state.published is not None:
        diff = (f"{prefix}swarm pr diff {state.published.number}", "see the whole change")
        return (diff, there, own)
    return (there, own) if state.status.is_final else ((f"{prefix}swarm resume", "go on"), there)
