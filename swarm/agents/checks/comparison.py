"""Two runs of a suite, id by id.

An id that passed must pass. Passing differently is not passing: a test that is skipped now, or that
is expected to fail now, tells nothing. Ids that flickered on the base count for nothing, except as
targets, which must pass whatever they did before.

What a plain command printed of its tests is compared in the same way, beside its exit status: it may
speak against a change, and nothing passes because of it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from swarm.domain.evidence import GREEN, Outcome, Printed, SuiteRun, TestOutcome
from swarm.domain.names import TestId
from swarm.domain.tasks import Finding

_SILENT: frozenset[Outcome] = frozenset({"skipped", "xfailed"})


def outcomes_of(run: SuiteRun) -> dict[TestId, Outcome]:
    return {row.test: row.outcome for row in run.outcomes}


def compare(
    base: SuiteRun, run: SuiteRun, targets: Collection[TestId], voided: Collection[TestId]
) -> tuple[Finding, ...]:
    """What is worse on the tree than on the base, and which targets do not pass."""
    if run.broken:
        why = run.broken.splitlines()[0]
        return (Finding(rule="suite-broken", message=f"the suite gives no results: {why}"),)
    return (
        *_missed_targets(run, targets),
        *_regressions(base, run, frozenset(voided) | frozenset(targets)),
        *_fewer(base, run),
        *_printed_worse(base, run),
    )


def printed_worse(before: Printed, now: Printed | None, *, passed: bool) -> Iterator[Finding]:
    """What a command's output tells that is worse than it was on the base. `passed`: its exit status now.

    A command that failed may have ended before it came to the rest, so what is not told is held against it
    only where it passed. Where no names are told any more, counts are compared.
    """
    named = tuple(_worse_by_name(before, now, passed=passed))
    yield from named
    if passed and not named and (now is None or now.passed < before.passed):
        yield Finding(
            rule="fewer-tests",
            message=f"the command tells of {now.passed if now else 0} tests that pass; on the base of"
            f" {before.passed}",
        )


def _worse_by_name(before: Printed, now: Printed | None, *, passed: bool) -> Iterator[Finding]:
    then = {row.test: row.outcome for row in now.tests} if now else {}
    silence_counts = passed and bool(then)
    judged = (row for row in before.tests if silence_counts or row.test in then)
    return _worse(judged, then, "as the command tells: ")


def told_of(run: SuiteRun) -> tuple[int, int]:
    """How many tests passed, of how many: as the command tells, where it does."""
    if run.printed is not None:
        return run.printed.passed, run.printed.total
    return sum(row.outcome == "passed" for row in run.outcomes), len(run.outcomes)


def differing(
    base: SuiteRun, run: SuiteRun, targets: Collection[TestId]
) -> tuple[TestOutcome, ...]:
    """Outcomes on the base of the targets, and of the ids whose outcome is another on the tree."""
    now = outcomes_of(run)
    return tuple(
        row for row in base.outcomes if row.test in targets or now.get(row.test) != row.outcome
    )


def flickering(first: SuiteRun, second: SuiteRun) -> tuple[TestId, ...]:
    """Ids whose outcomes differ between two runs on one tree, sorted."""
    one, two = outcomes_of(first), outcomes_of(second)
    return tuple(sorted(test for test in one.keys() | two.keys() if one.get(test) != two.get(test)))


def _printed_worse(base: SuiteRun, run: SuiteRun) -> Iterator[Finding]:
    if base.printed is not None:
        passed = all(row.outcome == "passed" for row in run.outcomes)
        yield from printed_worse(base.printed, run.printed, passed=passed)


def _missed_targets(run: SuiteRun, targets: Collection[TestId]) -> Iterator[Finding]:
    now = outcomes_of(run)
    for test in sorted(targets):
        outcome = now.get(test)
        if outcome != "passed":
            yield Finding(
                rule="target-not-passing",
                message=f"it must pass; it {_said(outcome)}",
                test=test,
            )


def _regressions(
    base: SuiteRun, run: SuiteRun, passed_over: Collection[TestId]
) -> Iterator[Finding]:
    judged = (row for row in base.outcomes if row.test not in passed_over)
    return _worse(judged, outcomes_of(run))


def _worse(
    before: Iterable[TestOutcome], now: Mapping[TestId, Outcome], by: str = ""
) -> Iterator[Finding]:
    """`by`: whose words it is, where nothing but these is known."""
    for row in before:
        outcome = now.get(row.test)
        if _holds(row.outcome, outcome):
            continue
        rule = "newly-silent" if outcome in _SILENT else "regression"
        yield Finding(
            rule=rule if outcome else "test-gone",
            message=f"{by}on the base it {_said(row.outcome)}; now it {_said(outcome)}",
            test=row.test,
        )


def _holds(before: Outcome, now: Outcome | None) -> bool:
    """Whether the outcome is no worse than it was."""
    if before == "passed":
        return now == "passed"
    if before in GREEN:
        return now in GREEN or now == "xpassed"
    if before in {"skipped", "xpassed"}:
        return now in {before, "passed"}
    # A red test may be renamed by mending it: the error of a whole file becomes its tests.
    return now is None or now not in _SILENT


def _fewer(base: SuiteRun, run: SuiteRun) -> Iterator[Finding]:
    if run.collected < base.collected:
        yield Finding(
            rule="fewer-tests",
            message=f"{run.collected} tests are collected; on the base there were {base.collected}",
        )


def _said(outcome: Outcome | None) -> str:
    if outcome is None:
        return "is not there"
    return {"passed": "passes", "failed": "fails", "xpassed": "passes against its mark"}.get(
        outcome, f"ends as {outcome}"
    )
