"""Groups of failing tests as contracts: shares of value, budget and time, and what can be seen of them
before any work.

The goal's value is split by how many of its targets a task turns green; a fifth of the budget is kept
for checks of the joined tree.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from swarm.agents.planning.grouping import Group
from swarm.agents.planning.request import home_of
from swarm.agents.planning.tracing import Coverage
from swarm.domain.goals import Goal
from swarm.domain.money import CERTAIN
from swarm.domain.names import TestId, function_of, nth_task
from swarm.domain.tasks import Contract, TaskKind

FIRST_TASK = 2
"""The plan itself is task 1."""

SHORTEST, LONGEST = 90, 1800
"""Seconds for one attempt, where the goal has as many. With less, slower strategies cannot bid at all,
although most of what they do is found long before their time is over.
"""

FAILURE_LENGTH = 1200
DESCRIPTION_LENGTH = 6000
TITLE_LENGTH = 100
MOST_WORDS = 20_000
"""Characters of a goal's text that an open task is described with."""

OPEN_DIFFICULTY = 600_000
SHOWN = 4
"""Failures quoted, suspects named."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The suite as it ran on the base."""

    tests: int
    milliseconds: int
    failures: Mapping[TestId, str]
    sources: Collection[str] = ()
    """Files of the tree that hold code and no tests."""


def contracts(
    goal: Goal, groups: Sequence[Group], coverage: Coverage, suite: Suite
) -> tuple[Contract, ...]:
    """One write task for each group, in order."""
    weights = [len(group.targets) for group in groups]
    values = split(goal.value, weights)
    budgets = split(goal.budget * 4 // 5, weights)
    seconds = attempt_seconds(goal.seconds, len(groups), goal.writers)
    return tuple(
        Contract(
            task_id=nth_task(goal.goal_id, number),
            goal_id=goal.goal_id,
            kind=TaskKind.WRITE,
            title=title(group.targets),
            description=description(group, suite),
            targets=group.targets,
            touch=touch(group, suite) if len(groups) > 1 else (),
            value=value,
            budget=budget,
            seconds=seconds,
            difficulty=difficulty(group, coverage),
            features=features(group, coverage, suite),
        )
        for number, (group, value, budget) in enumerate(
            zip(groups, values, budgets, strict=True), start=FIRST_TASK
        )
    )


def open_contract(goal: Goal, suite: Suite) -> Contract:
    """One write task for what no failing test describes: the goal's own words are the description."""
    first = next((line.strip() for line in goal.text.splitlines() if line.strip()), goal.text)
    return Contract(
        task_id=nth_task(goal.goal_id, FIRST_TASK),
        goal_id=goal.goal_id,
        kind=TaskKind.WRITE,
        title=first[:TITLE_LENGTH],
        description=goal.text[:MOST_WORDS],
        value=goal.value,
        budget=goal.budget * 4 // 5,
        seconds=attempt_seconds(goal.seconds, 1, goal.writers),
        difficulty=OPEN_DIFFICULTY,
        features={"open": 1, "suite_tests": suite.tests, "suite_ms": suite.milliseconds},
    )


def touch(group: Group, suite: Suite) -> tuple[str, ...]:
    """Files that may hold the cause: suspected, named by a failure, or called like the test's file.

    What is missing altogether - a name, a branch, a constant - was executed by nobody, so suspicion
    alone would not do.
    """
    named = {
        path
        for test in group.targets
        for path in suite.sources
        if path in suite.failures.get(test, "") or _is_namesake(test, path)
    }
    return (*group.files, *sorted(named - set(group.files)))


def _is_namesake(test: TestId, path: str) -> bool:
    """`tests/test_rates.py::...` and `shop/rates.py`."""
    home = PurePosixPath(home_of(test)).stem
    return home.removeprefix("test_") == PurePosixPath(path).stem != home


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Whole parts in proportion that add up to the total; what is left over goes to the first."""
    every = sum(weights)
    parts = [total * weight // every for weight in weights]
    for place in range(total - sum(parts)):
        parts[place] += 1
    return parts


def attempt_seconds(goal_seconds: int, tasks: int, writers: int) -> int:
    """Time for one attempt, so that two in a row and the checks fit into the goal's time."""
    waves = -(-tasks // writers)
    share = goal_seconds // (3 * waves)
    return max(1, min(goal_seconds, max(SHORTEST, min(LONGEST, share))))


def title(targets: Sequence[TestId]) -> str:
    """One line: `Make test_leap and 2 more pass`."""
    first = targets[0].rpartition("::")[2] or targets[0]
    more = f" and {len(targets) - 1} more" if len(targets) > 1 else ""
    return f"Make {first[:80]}{more} pass"


def description(group: Group, suite: Suite) -> str:
    """The failures as the runner printed them, and where to look first."""
    parts = [f"{len(group.targets)} failing tests, probably with one cause."]
    if len(group.targets) == 1:
        parts = ["One failing test."]
    for test in group.targets[:SHOWN]:
        parts.append(f"{test}\n{suite.failures.get(test, '')[-FAILURE_LENGTH:]}".rstrip())
    if group.suspects:
        parts.append(
            "\n".join(
                (
                    "Executed by the failing tests more than by passing ones:",
                    *(
                        f"- {each.place.path}:{each.place.line} {each.place.name}"
                        for each in group.suspects[:SHOWN]
                    ),
                )
            )
        )
    return "\n\n".join(parts)[:DESCRIPTION_LENGTH]


def features(group: Group, coverage: Coverage, suite: Suite) -> dict[str, int]:
    """Counts that an agent's curve may look at."""
    traces = [coverage.failing[test] for test in group.targets if test in coverage.failing]
    return {
        "targets": len(group.targets),
        "target_tests": len({function_of(test) for test in group.targets}),
        "suspect_files": len(group.files),
        "suspect_functions": len(group.suspects),
        "suspect_lines": sum(len(each.lines) for each in group.suspects),
        "suite_tests": suite.tests,
        "suite_ms": suite.milliseconds,
        "trace_depth": max((trace.depth for trace in traces), default=0),
    }


def difficulty(group: Group, coverage: Coverage) -> int:
    """A first guess in parts per million, from how far the cause is narrowed down.

    Unknown territory counts as hard. Otherwise it grows with the functions and files in question, and
    with how little the best suspect stands out. Calibration by outcomes is the market's business.
    """
    if not group.suspects:
        return 800_000
    breadth = min(12, len(group.suspects)) * 25_000 + min(6, len(group.files)) * 30_000
    vague = (CERTAIN - min(CERTAIN, group.suspects[0].score)) // 4
    depth = max(
        (coverage.failing[test].depth for test in group.targets if test in coverage.failing),
        default=0,
    )
    return min(950_000, 100_000 + breadth + vague + min(10, depth) * 10_000)
