"""What fails in a repository, and why, as far as its suite can tell: by likely cause, apart from what
flickers and from what only the environment lacks. Nothing is changed, recorded or given out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Group, RenderableType

from swarm.actors.working_api import Estimate, TaskEstimate, estimate_goal
from swarm.agents.public_api import Ailment, ailment_of
from swarm.cli.documents import Json
from swarm.cli.failing import DONE
from swarm.cli.page import plain_table, section
from swarm.cli.session import open_session
from swarm.cli.starting import Asked, goal_of
from swarm.cli.words import cell, count, lasted, lines, money, percent
from swarm.domain.names import TestId, function_of

_PLACE = re.compile(r"^- (\S+:\d+ .+)$", re.MULTILINE)
"""How a contract's description names a suspicious function."""

_REASON = 160
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Triage:
    """An estimate, with the failing tests told apart."""

    estimate: Estimate
    ailing: Mapping[Ailment, tuple[TestId, ...]]
    """Tests that fail for what their environment lacks."""

    causes: tuple[TaskEstimate, ...]
    """The others, by likely cause."""


def triage(
    repository: Path, *, test: str | None, python: Path | None, unsafe: bool, as_json: bool
) -> int:
    session = open_session(as_json=as_json)
    asked = Asked("", repository, test, python, fix_failing=True, unsafe_worktree=unsafe)
    goal = goal_of(asked, session.settings)
    session.err.print("Running the suite twice, in sandboxes; nothing is changed.")
    sorted_out = told_apart(
        estimate_goal(goal, session.settings, session.err.print), modules_of(repository)
    )
    session.show(view(sorted_out), document(sorted_out, goal.base))
    return DONE


def modules_of(repository: Path) -> frozenset[str]:
    """Names under which the repository's own code is imported."""
    roots = [repository, repository / "src", repository / "lib"]
    found = (each for root in roots if root.is_dir() for each in root.iterdir())
    return frozenset(each.stem for each in found if each.is_dir() or each.suffix == ".py")


def told_apart(estimate: Estimate, own: frozenset[str]) -> Triage:
    ailing: dict[Ailment, tuple[TestId, ...]] = {}
    for test in estimate.red:
        ailment = ailment_of(estimate.failures.get(test, ""), own)
        if ailment is not None and test not in estimate.voided:
            ailing[ailment] = (*ailing.get(ailment, ()), test)
    whole = ailment_of(estimate.refusal, own) if not estimate.red else None
    if whole is not None:  # nothing was collected at all
        ailing[whole] = ()
    sick = {test for tests in ailing.values() for test in tests}
    causes = (_without(task, sick) for task in estimate.tasks)
    return Triage(estimate, ailing, tuple(task for task in causes if task.contract.targets))


def _without(task: TaskEstimate, sick: set[TestId]) -> TaskEstimate:
    left = tuple(test for test in task.contract.targets if test not in sick)
    return replace(task, contract=task.contract.model_copy(update={"targets": left}))


def places(task: TaskEstimate) -> tuple[str, ...]:
    """Suspicious functions, `file:line name`, the worst first."""
    return tuple(_PLACE.findall(task.contract.description))


def reason(failures: Mapping[TestId, str], test: TestId) -> str:
    """What the runner said last of the test, in a line."""
    told = failures.get(test, "").strip().splitlines()
    marked = [line[1:].strip() for line in told if line.startswith("E ")]
    return (marked or told[-1:] or [""])[0][:_REASON]


def view(triage: Triage) -> RenderableType:
    estimate = triage.estimate
    parts: list[RenderableType] = [_head(triage)]
    for number, task in enumerate(triage.causes, start=1):
        parts.append(section(f"Cause {number}: {_bid(task)}", *_cause(task, estimate.failures)))
    if triage.ailing:
        table = plain_table("lacks", "what", "tests")
        for ailment, tests in triage.ailing.items():
            told = _names(tests) if tests else cell("all")
            table.add_row(cell(ailment.kind), cell(ailment.what), told)
        title = "Not the code: the environment lacks something"
        parts.append(section(title, table, *_remedies(triage.ailing)))
    if estimate.voided:
        parts.append(section("Flickering: two runs, two outcomes", _names(estimate.voided)))
    return Group(*parts)


_BUILT = frozenset({"dependency", "installation", "plugin"})


def _remedies(ailing: Mapping[Ailment, tuple[TestId, ...]]) -> tuple[RenderableType, ...]:
    """What can be had by building the repository's environment."""
    if not any(ailment.kind in _BUILT for ailment in ailing):
        return ()
    return (cell("swarm env build installs what the repository's files ask for", most=100),)


def _head(triage: Triage) -> RenderableType:
    estimate = triage.estimate
    said = f"{estimate.failing} of {count(estimate.suite_tests, 'test')} red"
    if not estimate.suite_tests and triage.ailing:
        said = "No test could be run"
    if not triage.causes and estimate.refusal and not triage.ailing:
        said = f"{said}; {estimate.refusal}"
    return cell(said, "bold", 600)


def _cause(task: TaskEstimate, failures: Mapping[TestId, str]) -> tuple[RenderableType, ...]:
    every = kinds(task, failures)
    told = [text for each in every[:_SHOWN] for text in each.lines]
    more = len(every) - _SHOWN
    return (
        lines([*told, *([f"and {more} more tests"] if more > 0 else [])]),
        lines([f"look at {each}" for each in places(task)] or ["no place stands out"]),
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """Failing cases of one test."""

    test: str
    cases: int
    said: str

    @property
    def lines(self) -> tuple[str, ...]:
        name = f"{self.test}, {count(self.cases, 'case')}" if self.cases > 1 else self.test
        return (name, *([f"said: {self.said}"] if self.said else []))


def kinds(task: TaskEstimate, failures: Mapping[TestId, str]) -> tuple[Kind, ...]:
    """The failing tests, the cases of one together, with what the first of them said."""
    found: dict[str, list[TestId]] = {}
    for test in task.contract.targets:
        found.setdefault(function_of(test), []).append(test)
    return tuple(
        Kind(name if len(tests) > 1 else tests[0], len(tests), reason(failures, tests[0]))
        for name, tests in found.items()
    )


def _names(tests: tuple[TestId, ...]) -> RenderableType:
    more = [f"and {len(tests) - _SHOWN} more"] if len(tests) > _SHOWN else []
    return lines([*tests[:_SHOWN], *more])


def _bid(task: TaskEstimate) -> str:
    if not task.order:
        return "nobody here would try it"
    names = ", ".join(bid.strategy for bid in task.order)
    chance, cost = percent(task.probability), money(task.cost)
    return f"{names} would try, {chance} for {cost} in {lasted(1000 * task.seconds)}"


def document(triage: Triage, base: str) -> Json:
    estimate = triage.estimate
    return {
        "base": base,
        "suite_tests": estimate.suite_tests,
        "failing_tests": estimate.failing,
        "refusal": estimate.refusal,
        "causes": [
            {
                "tests": list(task.contract.targets),
                "said": reason(estimate.failures, task.contract.targets[0]),
                "kinds": [
                    {"test": each.test, "cases": each.cases, "said": each.said}
                    for each in kinds(task, estimate.failures)
                ],
                "suspicious": list(places(task)),
                "tries": [bid.strategy for bid in task.order],
                "cost_micro_usd": task.cost,
                "seconds": task.seconds,
                "chance_ppm": task.probability,
            }
            for task in triage.causes
        ],
        "environment": [
            {"kind": ailment.kind, "what": ailment.what, "tests": list(tests)}
            for ailment, tests in triage.ailing.items()
        ],
        "flickering": list(estimate.voided),
    }
