"""Run tests under a tracer inside a sandbox: who executed what.

What comes back was said by a process that also ran the repository's code. It steers where one looks
first and is no evidence of anything.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources

from pydantic import BaseModel, Field, ValidationError

from swarm.domain.goals import Environment
from swarm.domain.names import TestId, TreeHash
from swarm.sandbox.public_api import Sandbox
from swarm.tools.public_api import execute_suite, inside

HANGS_AFTER = 10.0
"""Seconds for one test under the tracer, which knows enough of it by then."""

_RUNNERS = {"pytest": "pytest_run.py", "unittest": "unittest_run.py"}
_FUTURE = "from __future__ import annotations\n"
_MAIN = "runner = main\n\ndef main(channel, job):\n    return traced(runner, channel, job)\n"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A function: its file below the repository, its name, its first line."""

    path: str
    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What one failing test executed."""

    lines: Mapping[Place, frozenset[int]]
    depth: int = 0
    """The longest chain of calls within the repository."""

    @property
    def files(self) -> frozenset[str]:
        return frozenset(place.path for place in self.lines)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Failing tests one by one; passing ones as counts."""

    failing: Mapping[TestId, Trace] = field(default_factory=dict)
    passing: Mapping[Place, Mapping[int, int]] = field(default_factory=dict)
    """How many passing tests executed each line."""

    counted: int = 0
    """Passing tests that were traced."""


class _Test(BaseModel):
    test: str
    depth: int = Field(ge=0)
    places: list[tuple[str, str, int, list[int]]]


class _Counts(BaseModel):
    counted: int = Field(ge=0)
    places: list[tuple[str, str, int, list[tuple[int, int]]]]


async def trace(
    sandbox: Sandbox,
    environment: Environment,
    tree: TreeHash,
    *,
    failing: tuple[TestId, ...],
    passing: tuple[TestId, ...],
    seconds: float,
    nonce: str,
    hangs_after: float = HANGS_AFTER,
) -> Coverage:
    """Trace the failing ids, and of the passing ones as many as fit into a third of the time.

    What could not be traced is not in the answer. A test that hangs is traced as far as it came.
    """
    runner = _RUNNERS.get(environment.runner)
    if runner is None or not failing:
        return Coverage()
    tracer = resources.files("swarm.agents.planning.inside").joinpath("tracer.py")
    execution = await execute_suite(
        sandbox,
        environment,
        tree,
        ids=(*failing, *passing),
        wall_seconds=seconds,
        nonce=nonce,
        test_seconds=hangs_after,
        script=joined(inside(runner), tracer.read_text(encoding="utf-8")),
        extra={"watch": list(failing), "seconds": seconds / 3, "patience": hangs_after / 3},
    )
    return read_coverage(execution.extra)


def joined(runner: str, tracer: str) -> str:
    """Both as one module, whose `main` is the runner's with a channel that records."""
    return f"{runner}\n{tracer.replace(_FUTURE, '')}\n{_MAIN}"


def read_coverage(extra: Iterable[object]) -> Coverage:
    """Pass over whatever does not have the tracer's form."""
    failing: dict[TestId, Trace] = {}
    passing: dict[Place, Counter[int]] = {}
    counted = 0
    for each in extra:
        told = _read(each)
        if isinstance(told, _Test):
            lines = {Place(p, n, at): frozenset(rows) for p, n, at, rows in told.places}
            failing[TestId(told.test)] = Trace(lines, told.depth)
        elif isinstance(told, _Counts):
            counted += told.counted
            for path, name, at, rows in told.places:
                passing.setdefault(Place(path, name, at), Counter()).update(dict(rows))
    return Coverage(failing, passing, counted)


def _read(each: object) -> _Test | _Counts | None:
    for form in (_Test, _Counts):
        try:
            return form.model_validate(each)
        except ValidationError:
            continue
    return None
