"""What is looked at before a submission leaves: that there is one, that it is not one that was refused,
that the tests agree, what the project's own linters and formatters say, and that the model has read it once
more.

This spares rounds with testers and reviewers; it decides nothing for them. A model that insists gets
its way, and they will say the same with evidence.
"""

from dataclasses import dataclass

from swarm.domain.canonical import digest
from swarm.domain.changes import Changes, Written
from swarm.domain.evidence import GREEN, SuiteRun
from swarm.domain.names import Digest, TestId
from swarm.engines.model.habits import complaints
from swarm.engines.model.tools import Bench, before, suite, tested
from swarm.engines.model.trimming import trimmed
from swarm.tools.public_api import COMMAND, Execution

PATIENCE = 3
"""So often a submission is sent back from here."""


@dataclass(frozen=True, slots=True)
class Judgement:
    leaves: bool
    words: str
    changes: Changes
    tree: Digest | None


def tree_of(changes: Changes) -> Digest | None:
    """A name for a state of the tree; None for the base's own."""
    if not changes:
        return None
    parts = []
    for item in changes.items:
        kept = (item.mode.encode(), item.data) if isinstance(item, Written) else (b"gone", b"")
        parts.append(b"%d %b%b %d %b" % (len(item.path), item.path, kept[0], len(kept[1]), kept[1]))
    return digest(b"".join(parts))


async def judge(bench: Bench, reviewed: Digest | None, refusals: int) -> Judgement:
    """`reviewed`: the state that the model was asked to read once more."""
    changes = await bench.changes()
    tree = tree_of(changes)
    if tree is None:
        return Judgement(False, "nothing was changed; there is nothing to submit", changes, tree)
    if changes in bench.assignment.refused:
        words = "exactly these changes were refused before; read why, and mend that"
        return Judgement(False, words, changes, tree)
    if tree == reviewed or refusals >= PATIENCE:
        return Judgement(True, "submitted", changes, tree)
    execution = await suite(bench)
    changes = await bench.changes()
    worse = _worse(bench, execution)
    told = tested(execution, before(bench.assignment))
    if worse:
        return Judgement(False, trimmed(f"not yet: {worse}\n{told}"), changes, tree_of(changes))
    said = await complaints(bench, changes)
    return Judgement(False, _to_review(changes, told, said), changes, tree_of(changes))


def _worse(bench: Bench, execution: Execution) -> str:
    run, base = execution.run, before(bench.assignment)
    if run.broken:
        return "" if bench.assignment.base_run.broken else "the suite gives no results any more"
    now = {row.test: row.outcome for row in run.outcomes}
    targets = bench.assignment.contract.targets
    if missed := [each for each in targets if now.get(each) not in GREEN]:
        return f"these must pass: {', '.join(missed[:5])}"
    lost = _lost_by_name(bench.assignment.base_run, run) or [
        test
        for test, outcome in base.items()
        if outcome in GREEN and now.get(test) not in GREEN and test not in bench.assignment.voided
    ]
    if lost:
        return f"these passed before: {', '.join(lost[:5])}"
    if bench.assignment.contract.features.get("needs_test") and not _has_new(
        run, bench.assignment.base_run
    ):
        return "there is no new test yet that passes; write one that fails without your change"
    return ""


def _lost_by_name(base: SuiteRun, run: SuiteRun) -> list[TestId]:
    """Tests that a plain command's output named as passing, and now as something else."""
    now = run.named if run.printed else {}
    told = base.printed.tests if base.printed else ()
    return [
        row.test
        for row in told
        if row.outcome == "passed" and now.get(row.test, "passed") != "passed"
    ]


def _has_new(run: SuiteRun, base: SuiteRun) -> bool:
    """True also where a plain command tells nothing of single tests."""
    now, then = run.named, base.named
    if not now or COMMAND in now:
        return True
    return any(outcome in GREEN and then.get(test) not in GREEN for test, outcome in now.items())


def _to_review(changes: Changes, told: str, said: str) -> str:
    names = [path.decode("utf-8", "backslashreplace") for path in changes.paths]
    listed = "\n".join(f"- {name}" for name in names[:40])
    return trimmed(
        f"You are about to submit changes to:\n{listed}\n\nThe suite: {told}\n\n"
        + (f"{said}\n\n" if said else "")
        + "Before they leave, read them once more as a reviewer who wants to find the mistake: cases at"
        " the edges, other places that use what you changed, files that do not belong, style. Mend"
        " what you find; then submit again."
    )
