"""The shell: run the base twice, choose what is meant, trace it, sort it, write contracts and facts."""

import asyncio
import os
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from swarm.agents.checks.baseline import Baseline, base_run, unheard
from swarm.agents.planning.contracts import Suite, contracts
from swarm.agents.planning.conventions import GUIDES, SETTINGS
from swarm.agents.planning.grouping import Group, grouped, spread
from swarm.agents.planning.measuring import measured
from swarm.agents.planning.request import (
    NOTHING_NAMED,
    Seen,
    Selection,
    home_of,
    names_nothing,
    select,
)
from swarm.agents.planning.statements import Author, statements
from swarm.agents.planning.suspicion import is_test_file
from swarm.agents.planning.thinking import PROMPT, Thinker, answered, thought_of
from swarm.agents.planning.tracing import Coverage, trace
from swarm.agents.port import Plan, Workbench
from swarm.domain.evidence import GREEN, Outcome, SuiteRun
from swarm.domain.facts import Fact
from swarm.domain.goals import Goal
from swarm.domain.names import AgentId, TestId
from swarm.models.public_api import Answer
from swarm.tools.public_api import COMMAND

RED: frozenset[Outcome] = frozenset({"failed", "error", "timeout", "crashed"})

SUITE_SECONDS = 300.0
TRACE_SECONDS = 60.0
COMPARED_SECONDS = 10.0
"""What the passing tests that are traced for comparison took without a tracer."""

MOST_COMPARED = 2_000
MOST_HOMES = 40
"""Test files that these are of: each has to be read first, which is in no test's time."""

MOST_TRACED = 64
"""Failing tests that are traced one by one; of tests with many cases not all, but of each test some."""

MOST_FILES = 20_000
MOST_BYTES = 200_000
"""Of one file with conventions."""

WITHOUT_MODEL = (
    "none is set up here; without one a goal must name a failing test, a file, a module or an "
    "exception, or ask with --fix-failing"
)
_PASSED_OVER = frozenset({".git", ".hg", ".venv", "venv", "node_modules", "__pycache__"})


_PLACES = re.compile(r'^(?:E\s+)?\s*(?:File "(.+)", line|(\S+?):)\s?(\d+)', re.MULTILINE)
"""How Python and pytest name a place in a traceback."""


def new_nonce() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class _Material:
    """What is known of the tree before anything is run."""

    paths: tuple[str, ...]
    texts: Mapping[str, bytes]
    """Of files that may state conventions."""

    directory: Path

    @property
    def guides(self) -> dict[str, str]:
        return {n: self.texts[n].decode("utf-8", "replace") for n in GUIDES if n in self.texts}


@dataclass(frozen=True, slots=True)
class _Early:
    """What a model said before the suite had run; None where it said nothing."""

    answer: Answer | None

    @property
    def cost(self) -> int:
        return self.answer.cost if self.answer else 0


class Planner:
    """Plans goals that the suite can decide, without a model. With a thinker it also takes goals that no
    failing test describes.
    """

    def __init__(
        self,
        agent_id: AgentId,
        *,
        remedy: str = WITHOUT_MODEL,
        thinker: Thinker | None = None,
        suite_seconds: float = SUITE_SECONDS,
        nonces: Callable[[], str] = new_nonce,
        said: Callable[[str], None] = unheard,
    ) -> None:
        """`remedy` ends the sentence `needs a model engine: ...`; `said` is told how far planning is."""
        self._agent_id = agent_id
        self._remedy = remedy
        self._thinker = thinker
        self._suite_seconds = suite_seconds
        self._nonces = nonces
        self._said = said

    async def plan(self, goal: Goal, workbench: Workbench, *, at: int) -> Plan:
        """Contracts, or a refusal. `at`: seconds since 1970, for the facts.

        Raises Transient when a sandbox ended a run, Lacking when the machine cannot make one.
        """
        directory = await workbench.directory(goal.base_tree)
        paths, texts = await asyncio.to_thread(_read, directory)
        material = _Material(paths, texts, directory)
        if self._thinker is None and _is_open(goal, material):
            why = f"needs a model engine: {NOTHING_NAMED}; {self._remedy}"
            return Plan(
                (), SuiteRun(tree=goal.base_tree, outcomes=(), collected=0), (), (), refusal=why
            )
        baseline, early = await self._begun(goal, workbench, material)
        author = Author(goal, self._agent_id, at)
        if baseline.run.broken:
            facts = statements(author, paths, texts, baseline.run, ())
            if self._thinker and not goal.fix_failing and _has_no_tests(baseline.run):
                return await self._thought(goal, baseline, facts, material, early)
            why = f"the suite gives no results: {baseline.run.broken}"
            return _refused(baseline, facts, why, early)
        coverage = await self._coverage(goal, workbench, baseline)
        selection = _selection(goal, baseline, coverage, frozenset(paths))
        groups = grouped(selection.targets, coverage) if selection.targets else ()
        facts = statements(author, paths, texts, baseline.run, groups)
        if selection.engine_needed and self._thinker:
            return await self._thought(goal, baseline, facts, material, early)
        if selection.refusal:
            return _refused(baseline, facts, self._worded(selection), early)
        tasks = contracts(goal, groups, coverage, _suite(baseline, paths))
        tasks = await measured(tasks, directory)
        return Plan(tasks, baseline.run, baseline.voided, facts, failures=baseline.failures)

    async def _begun(
        self, goal: Goal, workbench: Workbench, material: _Material
    ) -> tuple[Baseline, _Early | None]:
        """The suite on the base; and where no run of it can decide the goal, the model is asked at the
        same time.
        """
        thinker = self._thinker
        running = base_run(
            workbench,
            goal.base_tree,
            wall_seconds=min(self._suite_seconds, goal.seconds),
            nonces=self._nonces,
            once_run=lambda run: self._said(_told(run)),
        )
        if thinker is None or not _is_open(goal, material):
            return await running, None
        try:
            async with asyncio.TaskGroup() as group:
                baseline = group.create_task(running)
                answer = group.create_task(answered(goal, thinker, material.paths, material.guides))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        return baseline.result(), _Early(answer.result())

    async def _thought(
        self,
        goal: Goal,
        baseline: Baseline,
        facts: tuple[Fact, ...],
        material: _Material,
        early: _Early | None,
    ) -> Plan:
        assert self._thinker is not None
        answer = (
            early.answer
            if early
            else await answered(goal, self._thinker, material.paths, material.guides)
        )
        thought = thought_of(goal, answer, _suite(baseline, material.paths))
        return Plan(
            await measured(thought.contracts, material.directory),
            baseline.run,
            baseline.voided,
            facts,
            failures=baseline.failures,
            cost=thought.cost,
            prompt=PROMPT,
        )

    def _worded(self, selection: Selection) -> str:
        if selection.engine_needed:
            return f"needs a model engine: {selection.refusal}; {self._remedy}"
        return selection.refusal

    async def _coverage(self, goal: Goal, workbench: Workbench, baseline: Baseline) -> Coverage:
        """Who executes what. Falls back to the files that tracebacks name."""
        red = tuple(spread(failing(baseline, frozenset()))[:MOST_TRACED])
        if not red:
            return Coverage()
        self._said(f"Tracing what red tests run ({len(red)} of them), and others beside them.")
        async with workbench.sandbox(goal.base_tree) as sandbox:
            return await trace(
                sandbox,
                workbench.environment,
                goal.base_tree,
                failing=red,
                passing=nearest(baseline, red),
                seconds=min(TRACE_SECONDS, goal.seconds),
                nonce=self._nonces(),
            )


def _is_open(goal: Goal, material: _Material) -> bool:
    """Nothing that a run of the suite could show would decide the goal."""
    return not goal.fix_failing and names_nothing(goal.text, frozenset(material.paths))


def failing(baseline: Baseline, files: Collection[str]) -> tuple[TestId, ...]:
    """Ids that are red and steady. What could not even be imported is no test."""
    voided = frozenset(baseline.voided)
    return tuple(
        row.test
        for row in baseline.run.outcomes
        if row.outcome in RED and row.test not in voided and not is_module(row.test, files)
    )


def is_module(test: TestId, files: Collection[str]) -> bool:
    """The id names a file that failed to import, not a test in it."""
    if test == COMMAND or "::" in test:
        return False
    module = f"{test.replace('.', '/')}.py"
    return any(path in {test, module} or path.endswith(f"/{module}") for path in files)


def nearest(baseline: Baseline, red: tuple[TestId, ...]) -> tuple[TestId, ...]:
    """Passing ids to compare with: of the failing tests' own files first, then of their folders, quick
    ones first; as many as together took `COMPARED_SECONDS`.
    """
    homes = {home_of(test) for test in red}
    folders = {_folder(home) for home in homes}
    seconds = baseline.seconds

    def closeness(test: TestId) -> tuple[bool, bool, float, TestId]:
        home = home_of(test)
        return home not in homes, _folder(home) not in folders, seconds.get(test, 0.0), test

    green = (row.test for row in baseline.run.outcomes if row.outcome == "passed")
    closest = sorted(green, key=closeness)
    read = set(list(dict.fromkeys(map(home_of, closest)))[:MOST_HOMES])
    ranked = [test for test in closest if home_of(test) in read][:MOST_COMPARED]
    spent = accumulate(seconds.get(test, 0.0) for test in ranked)
    return tuple(t for t, so_far in zip(ranked, spent, strict=True) if so_far <= COMPARED_SECONDS)


def _folder(home: str) -> str:
    return home.rpartition("/")[0]


def _selection(
    goal: Goal, baseline: Baseline, coverage: Coverage, files: frozenset[str]
) -> Selection:
    red = failing(baseline, files)
    unread = [row.test for row in baseline.run.outcomes if is_module(row.test, files)]
    seen = Seen(
        failing=red,
        passing=_passing(baseline),
        others=_others(baseline, files),
        failures=baseline.failures,
        suspected=_suspected(grouped(red, coverage) if red else ()),
        executed={test: trace.files for test, trace in coverage.failing.items()},
        files=files,
    )
    selection = select(goal.text, seen, fix_failing=goal.fix_failing)
    # Where nothing passes, what is red is most likely red for the same reason.
    blind = goal.fix_failing and not seen.passing
    if unread and (blind or (selection.refusal and not red)):
        return Selection((), _unread(unread[0], baseline, files))
    return selection


def _told(run: SuiteRun) -> str:
    red = sum(row.outcome in RED for row in run.outcomes)
    return f"Tests: {len(run.outcomes)}, red: {red}. Once more, to see which flicker."


def _has_no_tests(run: SuiteRun) -> bool:
    """There is nothing to run yet: then nothing is broken either."""
    return run.broken.startswith("no tests were collected")


def _unread(module: TestId, baseline: Baseline, files: Collection[str]) -> str:
    """Why a file of tests could not be read, and where; a generated file that git ignores is a frequent
    cause.
    """
    failure = baseline.failures.get(module, "").strip()
    reason = [line.removeprefix("E ").strip() for line in failure.splitlines()[-1:]]
    told = ": ".join([f"{module} cannot be imported", *reason])
    if "No module named" in told or "ImportError" in told:
        told = f"{told}; only what is committed is there, not what git ignores"
    place = _broken_place(failure, files)
    return f"{told}; see {place}" if place else told


def _broken_place(failure: str, files: Collection[str]) -> str:
    """The last place of the repository that a traceback names, as `file, line N`."""
    for first, second, line in reversed(_PLACES.findall(failure)):
        ends = [path for path in files if f"/{first or second}".endswith(f"/{path}")]
        if ends:
            return f"{max(ends, key=len)}, line {line}"
    return ""


def _passing(baseline: Baseline) -> frozenset[TestId]:
    voided = frozenset(baseline.voided)
    return frozenset(
        row.test for row in baseline.run.outcomes if row.outcome in GREEN and row.test not in voided
    )


def _others(baseline: Baseline, files: Collection[str]) -> dict[TestId, str]:
    """What is to be said of ids that neither pass nor fail steadily."""
    told = {
        row.test: f"is {row.outcome}"
        for row in baseline.run.outcomes
        if row.outcome not in RED | GREEN and not is_module(row.test, files)
    }
    flickers = "flickers: two runs of the base gave two outcomes"
    return told | dict.fromkeys(baseline.voided, flickers)


def _suspected(groups: Collection[Group]) -> dict[TestId, tuple[str, ...]]:
    return {test: group.files for group in groups for test in group.targets}


def _suite(baseline: Baseline, paths: Collection[str]) -> Suite:
    return Suite(
        tests=len(baseline.run.outcomes),
        milliseconds=int(sum(baseline.seconds.values()) * 1000),
        failures=baseline.failures,
        sources=tuple(path for path in paths if path.endswith(".py") and not is_test_file(path)),
    )


def _refused(
    baseline: Baseline, facts: tuple[Fact, ...], why: str, early: _Early | None = None
) -> Plan:
    return Plan(
        (),
        baseline.run,
        baseline.voided,
        facts,
        refusal=why,
        failures=baseline.failures,
        cost=early.cost if early else 0,
    )


def _read(directory: Path) -> tuple[tuple[str, ...], dict[str, bytes]]:
    """Paths of the tree, and the bytes of those that may state conventions."""
    paths = tuple(_walk(directory))
    wanted = [name for name in (*GUIDES, *SETTINGS) if name in paths]
    small = [name for name in wanted if (directory / name).stat().st_size <= MOST_BYTES]
    return paths, {name: (directory / name).read_bytes() for name in small}


def _walk(directory: Path) -> Iterator[str]:
    """Regular files below the directory, sorted; symbolic links are not followed.

    A name that is not UTF-8 cannot be stated in a fact and is passed over.
    """
    seen = 0
    for folder, folders, files in os.walk(directory):
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER)
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink() and _is_utf8(name):
                yield path.relative_to(directory).as_posix()
        seen += len(files)
        if seen > MOST_FILES:
            return


def _is_utf8(name: str) -> bool:
    return os.fsencode(name).decode("utf-8", "replace") == name
