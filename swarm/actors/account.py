"""What a goal's pull request says, read from the goal's state."""

from collections.abc import Iterator
from typing import get_args

from swarm.coordination.public_api import Dropped, GoalState, Task, is_partial, planned
from swarm.domain.evidence import GREEN, BlockedConnection, Evidence, joined
from swarm.domain.lines import in_a_line
from swarm.domain.tasks import TaskKind
from swarm.forge.public_api import (
    Account,
    AttemptAccount,
    AwardAccount,
    SandboxAccount,
    TaskAccount,
    opening,
)
from swarm.quorum.public_api import one_opinion
from swarm.sandbox.public_api import SandboxMode, unheld

MOST_TOLD = 240
"""Characters of what an author says of another patch."""


def account_of(state: GoalState, evidence: tuple[Evidence, ...]) -> Account:
    assert state.certificate is not None
    writes = tuple(state.of_kind(TaskKind.WRITE))
    accepted = [task for task in writes if not isinstance(task.phase, Dropped)]
    submissions = [state.attempts[task.attempts[-1]] for task in accepted]
    return Account(
        what=_what([attempt.title for attempt in submissions]),
        why=" ".join(opening(attempt.why) for attempt in submissions) or state.goal.text,
        tested=_tested(evidence),
        unsure=_unsure(state, evidence),
        cost=state.spent,
        seconds=max((state.touched_at - state.submitted_at) // 1000, 0),
        partial=is_partial(state),
        still_open=tuple(
            task.contract.title for task in planned(state) if isinstance(task.phase, Dropped)
        ),
        tasks=tuple(_task(state, task) for task in state.tasks.values()),
        evidence=evidence,
        sandboxes=tuple(_sandboxes(evidence)),
        blocked=_blocked(state),
        awards=tuple(_awards(state, writes)),
        certificate=state.certificate,
    )


def _what(titles: list[str]) -> str:
    return "; ".join(dict.fromkeys(title.strip() for title in titles if title.strip()))


def _tested(evidence: tuple[Evidence, ...]) -> str:
    for each in evidence:
        if each.kind == "suite":
            place = f"in a fresh sandbox ({each.sandbox_mode})"
            return f"{_passing(each)} {place}{_mended(each)}"
    return "not by running tests"


def _passing(evidence: Evidence) -> str:
    """A plain command has one result; what it told of its tests is said as its words."""
    told = evidence.printed
    if told is None:
        green = sum(result.outcome in GREEN for result in evidence.outcomes)
        return f"{green} of {len(evidence.outcomes)} tests pass"
    command = "succeeds" if all(each.outcome in GREEN for each in evidence.outcomes) else "fails"
    skipped = f" ({told.skipped} skipped)" if told.skipped else ""
    return f"the test command {command} and tells of {told.passed} of {told.total} tests that pass{skipped}"


def _mended(evidence: Evidence) -> str:
    targets = len(evidence.targets)
    if not targets:
        return ""
    if evidence.printed is not None:
        return "; it did not before"
    alone = "it also passes" if targets == 1 else "each of those also passes"
    return f"; {targets} of them did not before; {alone} alone"


def _sandboxes(evidence: tuple[Evidence, ...]) -> Iterator[SandboxAccount]:
    """Each kind once, with the limits that all checks in it shared."""
    modes: tuple[SandboxMode, ...] = get_args(SandboxMode)
    for mode in modes:
        limits = [each.limits.items() for each in evidence if each.sandbox_mode == mode]
        if limits:
            shared = set(limits[0]).intersection(*limits)
            yield SandboxAccount(mode=mode, unheld=unheld(mode), limits=dict(sorted(shared)))


def _blocked(state: GoalState) -> tuple[BlockedConnection, ...]:
    """Seen by the checks that the certificate counts, when they were executed."""
    assert state.certificate is not None
    counted = {ballot.evidence for ballot in state.certificate.ballots}
    reports = (each.report for each in state.attempts.values() if each.report is not None)
    return joined(each for one in reports if one.evidence in counted for each in one.blocked)


def _unsure(state: GoalState, evidence: tuple[Evidence, ...]) -> str:
    doubts = []
    if state.voided:
        doubts.append(f"{len(state.voided)} test(s) flicker on the base and count for nothing")
    doubts += _alternatives(state)
    assert state.certificate is not None
    for model, voters in one_opinion(state.certificate):
        doubts.append(f"{', '.join(voters)} all asked {model}, so their votes are one opinion")
    notes = [f for each in evidence for f in each.findings if not f.blocks]
    asked = [f"please look: {f.message}" for f in notes if f.asks]
    said = [f.message for f in notes if not f.asks]
    return "; ".join([*doubts, *asked, *said[:3]]) or "nothing that the checks could see"


def _alternatives(state: GoalState) -> Iterator[str]:
    """How many there were, and of what was accepted the first, in its author's words."""
    attempts = [attempt for attempt in state.attempts.values() if attempt.alternatives]
    if attempts:
        others = sum(len(attempt.alternatives) for attempt in attempts)
        first = [each.alternatives[0] for each in attempts if each.outcome == "accepted"]
        told = "".join(f", such as {in_a_line(each, MOST_TOLD)}" for each in first[:1])
        yield f"{others} other change(s) also passed the failing tests{told}"


def _task(state: GoalState, task: Task) -> TaskAccount:
    attempts = (state.attempts[attempt_id] for attempt_id in task.attempts)
    return TaskAccount(
        task_id=task.contract.task_id,
        title=task.contract.title,
        outcome=type(task.phase).__name__.lower(),
        attempts=tuple(
            AttemptAccount(
                attempt_id=attempt.attempt_id,
                agent_id=attempt.agent_id,
                strategy=attempt.strategy,
                outcome=attempt.outcome,
                cost=attempt.spent,
            )
            for attempt in attempts
        ),
    )


def _awards(state: GoalState, writes: tuple[Task, ...]) -> Iterator[AwardAccount]:
    for task in writes:
        bids = (
            0
            if task.clearing is None
            else len([s for s in task.clearing.scores if s.task_id == task.contract.task_id])
        )
        for attempt_id in task.attempts:
            attempt = state.attempts[attempt_id]
            yield AwardAccount(
                task_id=task.contract.task_id,
                agent_id=attempt.agent_id,
                price=attempt.price,
                probability=attempt.probability_used,
                bids=bids,
            )
