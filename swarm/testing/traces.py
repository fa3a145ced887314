"""Traces of work for measuring when a model is stuck: loops, and work that is slow but healthy.

They are made, not recorded: each family is one way in which agents are known to go round in circles, or to
look as if they did; chance varies lengths, orders and outputs. What a rule makes of them are its two rates
of error on this corpus, and no promise about another.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice

from swarm.domain.canonical import digest
from swarm.engines.model.stuck import Footprint, Health, health, seen

TURNS = 40
"""A loop that nobody has noticed by then counts as missed."""

Family = Callable[[random.Random], Iterator[Footprint]]


def _print(did: str, saw: str, tree: str = "") -> Footprint:
    return seen(did, saw, digest(tree.encode()) if tree else None)


# Loops: endless ---------------------------------------------------------------------------------


def _same_call(_: random.Random) -> Iterator[Footprint]:
    while True:
        yield _print("list .", "the same files")


def _round(chance: random.Random) -> Iterator[Footprint]:
    """A few calls again and again, in any order, with the same answers."""
    names = [f"read {k}" for k in range(chance.randint(2, 8))]
    while True:
        chance.shuffle(names)
        for name in names:
            yield _print(name, f"text of {name}")


def _edit_that_never_applies(chance: random.Random) -> Iterator[Footprint]:
    """Other words each time, refused in the same ones."""
    for number in count():
        yield _print(f"edit {number}", f"not in the file {chance.randint(0, 1)}", "t")


def _to_and_fro(chance: random.Random) -> Iterator[Footprint]:
    """Done and undone, with a test in between."""
    states = [f"state {k}" for k in range(chance.randint(2, 4))]
    while True:
        for state in states:
            yield _print(f"write {state}", "written", state)
            yield _print("test", f"red in {state}", state)


def _only_words(chance: random.Random) -> Iterator[Footprint]:
    while True:
        yield _print("", chance.choice(("", "I will now begin.")))


def _red_test_with_a_clock(chance: random.Random) -> Iterator[Footprint]:
    """The same failing command; what it prints holds the time, so each output is new."""
    while True:
        yield _print("run pytest -q", f"1 failed in {chance.random():.9f} s")


def _creeping_window(_: random.Random) -> Iterator[Footprint]:
    """One file, read from one line further each time: always something new, and never anything done."""
    for number in count():
        yield _print(f"read big.py {number}", f"lines {number}", "t")


def _small_changes_that_do_nothing(_: random.Random) -> Iterator[Footprint]:
    """A comment more each time, and the same red test."""
    for number in count():
        yield _print(f"edit comment {number}", "changed", f"t{number}")
        yield _print("test", "the same red", f"t{number}")


LOOPS: dict[str, Family] = {
    "the same call": _same_call,
    "a round of calls": _round,
    "an edit that never applies": _edit_that_never_applies,
    "done and undone": _to_and_fro,
    "only words": _only_words,
    "a failing command that prints the time": _red_test_with_a_clock,
    "a window that creeps through a file": _creeping_window,
    "changes without effect": _small_changes_that_do_nothing,
}


# Healthy work: ends by itself -------------------------------------------------------------------


def _long_look(chance: random.Random) -> Iterator[Footprint]:
    for number in range(chance.randint(20, 80)):
        yield _print(f"read {number}", f"text of the {number}th kind")


def _edits_and_one_test(chance: random.Random) -> Iterator[Footprint]:
    """Many places to change; the test stays red to the last."""
    for number in range(chance.randint(10, 40)):
        yield _print(f"edit {number}", "changed", f"t{number}")
        yield _print("test", "the same red", f"t{number}")


def _rereading(chance: random.Random) -> Iterator[Footprint]:
    """Looks at a few files again between changes."""
    for number in range(chance.randint(6, 14)):
        for again in range(chance.randint(1, 3)):
            yield _print(f"read {again}", f"text {again}", f"t{number}")
        yield _print(f"edit {number}", "changed", f"t{number + 1}")


def _flaky_command(chance: random.Random) -> Iterator[Footprint]:
    """Tries a command that fails a few times before it works."""
    for number in range(chance.randint(8, 20)):
        for _ in range(chance.randint(0, 2)):
            yield _print("run ./start", "not ready", f"t{number // 3}")
        yield _print(f"run step {number}", f"out {number}", f"t{number // 3}")


def _waiting(chance: random.Random) -> Iterator[Footprint]:
    """Looks for what something slow will write, and sees the same for a while."""
    for _ in range(chance.randint(1, 5)):
        yield _print("run sleep 60; ls build", "nothing yet")
    for number in range(chance.randint(3, 10)):
        yield _print(f"edit {number}", "changed", f"t{number}")


def _notes_and_thoughts(chance: random.Random) -> Iterator[Footprint]:
    for number in range(chance.randint(10, 30)):
        yield _print(f"note {number}", "noted", f"t{number // 5}")
        yield _print(f"search {number}", f"found {number}", f"t{number // 5}")


HEALTHY: dict[str, Family] = {
    "a long look around": _long_look,
    "many changes, one red test": _edits_and_one_test,
    "reading again between changes": _rereading,
    "a command that fails at first": _flaky_command,
    "waiting for something slow": _waiting,
    "notes between searches": _notes_and_thoughts,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rule made of the traces of one family."""

    traces: int
    hinted: int
    stopped: int
    turns: int
    """Until it stopped them, at the median; 0 where it stopped none."""


def judged(family: Family, traces: int = 50, seed: int = 1) -> Judged:
    ends = [_first(list(islice(family(random.Random(seed + k)), TURNS * 4))) for k in range(traces)]
    stops = sorted(stop for _, stop in ends if stop)
    return Judged(
        traces,
        sum(hint > 0 for hint, _ in ends),
        len(stops),
        stops[len(stops) // 2] if stops else 0,
    )


def _first(trace: Sequence[Footprint]) -> tuple[int, int]:
    """The first turn with a hint, and the one with an end; 0 for none. Loops have `TURNS` turns."""
    hint = 0
    for end in range(1, min(len(trace), TURNS * 4) + 1):
        said: Health = health(trace[:end])
        hint = hint or (end if said == "hint" else 0)
        if said == "stop":
            return hint, end
    return hint, 0
