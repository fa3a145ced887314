"""What sandboxes should cost at most, and the table of what they do cost."""

import os
from dataclasses import dataclass
from typing import Any

from benchmarks.sandbox.stopwatch import Stopwatch

FLOOR = "posix_spawn true"
WORKTREE = "git worktree add, {files:,} files"
COMMIT = "git add and commit, {files:,} files"
BWRAP = "bwrap --unshare-all true"
FIRST = "exec true, the first five"
AT_ONCE = "cold checkpoint, and true right after it"


@dataclass(frozen=True, slots=True)
class Goal:
    """Of a figure: at most so many times another one, or so many times less, or a number."""

    of: str
    times: float = 0.0
    less: float = 0.0
    most: float = 0.0
    """In the figure's unit: seconds, or MiB where its name says so."""

    against: str = FLOOR


FEW, MANY = 7_000, 14_000

GOALS = (
    Goal("create", times=10),
    Goal("create, prepared", times=5),
    Goal(FIRST, times=1.5),
    Goal("exec true", times=1.5),
    *(Goal(f"cold checkpoint, depth {depth}", times=3) for depth in (1, 10, 25, 50)),
    Goal("checkpoint after a step", times=3),
    Goal("hot checkpoint, idle service", times=5),
    Goal("rollback", times=20),
    Goal("fork 10", times=150),
    Goal("destroy", times=5),
    Goal(f"diff of 20 paths, {MANY:,} files", most=0.050),
    Goal("create", less=25, against=WORKTREE.format(files=FEW)),
    Goal("create", less=75, against=WORKTREE.format(files=MANY)),
    Goal("checkpoint after a step", less=25, against=COMMIT.format(files=FEW)),
    Goal("hot checkpoint, idle service", less=25, against=COMMIT.format(files=FEW)),
    Goal("PSS of an idle sandbox, MiB", most=4.0),
    Goal("rollback and restart of PostgreSQL", most=0.6),
)


def table(watch: Stopwatch, notes: dict[str, str]) -> str:
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    lines = [f"{'':44} {'median':>10} {'least':>10} {'x spawn':>8}  goal (load average {load})"]
    for name in watch.times:
        goals = "; ".join(_verdict(watch, goal) for goal in GOALS if goal.of == name)
        lines.append(f"{name:44} {_shown(watch, name)}  {goals}")
    lines += [f"{name:44} {note}" for name, note in notes.items()]
    return "\n".join(lines)


def document(watch: Stopwatch, notes: dict[str, str]) -> dict[str, Any]:
    return {
        "load": os.getloadavg(),
        "median": {name: watch.median(name) for name in watch.times},
        "least": {name: watch.least(name) for name in watch.times},
        "goals": [
            {"of": goal.of, "goal": _wanted(goal), "met": _met(watch, goal)} for goal in GOALS
        ],
        "notes": notes,
    }


def _shown(watch: Stopwatch, name: str) -> str:
    middle, least, floor = watch.median(name) or 0.0, watch.least(name), watch.median(FLOOR) or 1.0
    if name.endswith("MiB"):
        return f"{middle:6.1f} MiB {least:6.1f} MiB {'':8}"
    return f"{middle * 1e3:7.2f} ms {least * 1e3:7.2f} ms {middle / floor:8.1f}"


def _verdict(watch: Stopwatch, goal: Goal) -> str:
    met = _met(watch, goal)
    return f"{_wanted(goal)}: " + {True: "met", False: "NOT MET", None: "not measured"}[met]


def _wanted(goal: Goal) -> str:
    if goal.times:
        return f"<= {goal.times:g}x"
    if goal.less:
        return f">= {goal.less:g}x less than {goal.against}"
    return f"<= {goal.most:g} MiB" if goal.of.endswith("MiB") else f"<= {goal.most * 1e3:g} ms"


def _met(watch: Stopwatch, goal: Goal) -> bool | None:
    middle, other = watch.median(goal.of), watch.median(goal.against)
    if middle is None or other is None:
        return None
    if goal.times:
        return middle <= goal.times * other
    return middle * goal.less <= other if goal.less else middle <= goal.most
