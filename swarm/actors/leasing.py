"""What an agent is handed with its lease: all that it needs to begin, or to go on behind its last step."""

from collections.abc import Iterable

from swarm.actors.ports import Lease
from swarm.coordination.public_api import Attempt, GoalState, Task, World, seconds_for
from swarm.domain.names import Digest
from swarm.domain.tasks import CheckSubject


def lease_of(state: GoalState, attempt: Attempt) -> Lease:
    task = state.tasks[attempt.task_id]
    # On top of another tree than now, what was done before a task was reopened does not count.
    so_far = [
        state.attempts[each]
        for each in task.attempts[task.since :]
        if state.attempts[each].agent_id == attempt.agent_id
    ]
    heard = max(each.guided for each in so_far)
    return Lease(
        attempt_id=attempt.attempt_id,
        agent_id=attempt.agent_id,
        epoch=attempt.epoch,
        contract=task.contract.model_copy(update={"seconds": seconds_for(state, attempt)}),
        goal=state.goal,
        base_tree=task.base or state.goal.base_tree,
        budget=attempt.reserved - attempt.spent,
        done=tuple(step for each in so_far for step in each.steps),
        own_steps=len(attempt.steps),
        base_run=state.base_run,
        voided=state.voided,
        findings=task.findings,
        refused=task.refused,
        left=_left(so_far),
        said=state.guidance[heard:],
        heard=heard,
        gaps=state.gaps,
        evidence=_known_evidence(state, task),
    )


def _left(attempts: Iterable[Attempt]) -> World:
    """The last tree, and the checkpoint of the last step or question."""
    tree, checkpoint = None, None
    for left in (each.left for each in attempts):
        if left is not None:
            tree, checkpoint = left.tree or tree, left.checkpoint
    return World(tree, checkpoint)


def _known_evidence(state: GoalState, asked: Task) -> Digest | None:
    """Evidence is bound to tree hashes, so nothing is run twice."""
    if asked.contract.subject is None:
        return None
    for task in state.tasks.values():
        known = task.contract.subject
        if known is None or task.contract.aspect != asked.contract.aspect or not task.attempts:
            continue
        report = state.attempts[task.attempts[-1]].report
        if report is not None and _what(known) == _what(asked.contract.subject):
            return report.evidence
    return None


def _what(subject: CheckSubject) -> tuple[object, ...]:
    """What a check looks at, whoever asks and in whichever round."""
    return subject.base_tree, subject.tree, subject.targets, subject.touch, subject.grants
