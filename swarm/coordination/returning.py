"""Going back to a step: a goal as it was when that step was done, with nothing paid or said forgotten.

A goal's steps are numbered in the order in which they were recorded, over all its tasks, and no number is given
twice. Each is a `Mark` with the state of then. Marks form a tree, since after going back others follow. What lies
behind the step one goes back to is undone, not removed: its attempts stay in the record and what they cost stays
spent, but nothing rests on them any more, and one can go forward to it again.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from swarm.coordination.replacing import replace
from swarm.coordination.state import (
    Answered,
    Asked,
    Attempt,
    Dropped,
    GoalState,
    Leased,
    Mark,
    Open,
    Phase,
    Round,
    SentBack,
    Task,
)
from swarm.domain.names import GoalId
from swarm.domain.tasks import Step, TaskKind

UNDONE = "undone: a human went back behind it"
LEFT = "a human went back to a step of it"


def marked(state: GoalState, step: Step, attempt: Attempt, at: int) -> GoalState:
    """With the step that was just recorded as the one the goal stands at.

    The mark does without the attempt's steps, which its lineage tells: else a night of steps would be
    held once for each of them.
    """
    attempts = {**state.attempts, attempt.attempt_id: replace(attempt, steps=())}
    then = replace(state, marks=(), attempts=attempts)
    mark = Mark(attempt.attempt_id, step, before=state.now_at, at=at, then=then)
    return replace(state, marks=(*state.marks, mark), now_at=len(state.marks) + 1)


def lineage(marks: tuple[Mark, ...], number: int) -> tuple[int, ...]:
    """The numbers of the steps that this one rests on, and its own; the first one first."""
    found = list[int]()
    while number:
        found.append(number)
        number = marks[number - 1].before
    return tuple(reversed(found))


def returned(state: GoalState, number: int, at: int) -> GoalState:
    """The goal at that step. Nobody may be at work on it: leases are ended before."""
    mark = state.marks[number - 1]
    then = mark.then
    heard_more = len(state.guidance) > len(then.guidance)
    standing = [state.marks[each - 1] for each in lineage(state.marks, number)]
    return replace(
        then,
        tasks={name: _task(task, then, heard_more) for name, task in state.tasks.items()},
        attempts={
            name: _attempt(each, then, tuple(m.step for m in standing if m.attempt_id == name))
            for name, each in state.attempts.items()
        },
        marks=state.marks,
        now_at=number,
        commands=state.commands,
        guidance=state.guidance,
        epoch=state.epoch,
        paused=state.paused,
        rounds=tuple(map(_closed, state.rounds)),
        timed_from=at,
        gaps=(*state.gaps, (mark.at, at)),
    )


def replayed(old: GoalState, goal_id: GoalId, number: int, at: int) -> GoalState:
    """Another goal that begins where `old` was at that step. What the steps cost was paid there."""
    then = returned(old, number, at)
    fresh = replace(
        then,
        submitted_at=at,
        attempts={name: replace(each, spent=0) for name, each in then.attempts.items()},
        marks=old.marks[:number],
        commands=frozenset(),
        paused=False,
        before=None,
        follow_ups=(),
        landed="",
    )
    renamed: GoalState = _renamed(fresh, old.goal.goal_id, goal_id)
    return replace(renamed, of=old.goal.goal_id)


def _task(task: Task, then: GoalState, heard_more: bool) -> Task:
    """As it was, but for its attempts: their ids are not given twice."""
    was = then.tasks.get(task.contract.task_id)
    if was is None:
        return replace(task, phase=_phase_of_later(task))
    phase = _phase(was, heard_more)
    return replace(was, phase=phase, attempts=task.attempts, clearing=task.clearing)


def _phase(was: Task, heard_more: bool) -> Phase:
    match was.phase:
        case Leased(attempt_id) if was.contract.kind is TaskKind.WRITE:
            return SentBack(attempt_id)
        case Leased():
            return Open()
        case Asked(attempt_id) if heard_more:
            return SentBack(attempt_id)
        case _:
            return was.phase


def _phase_of_later(task: Task) -> Phase:
    """Of a check that was announced afterwards. What was executed is still true of its tree; what was
    not is wanted where that tree is in question again, and dropped by itself where not.
    """
    subject = task.contract.subject
    if isinstance(task.phase, Answered) and subject is not None and subject.of is not None:
        return task.phase
    return Open() if subject is not None and subject.of is not None else Dropped(UNDONE)


def _attempt(attempt: Attempt, then: GoalState, steps: tuple[Step, ...]) -> Attempt:
    was = then.attempts.get(attempt.attempt_id)
    if was is None:
        return replace(
            attempt, steps=(), left=None, guided=0, question="", outcome="undone", reason=UNDONE
        )
    paid = replace(
        was,
        steps=steps,
        spent=attempt.spent,
        reserved=attempt.reserved,
        ended_at=attempt.ended_at or was.ended_at,
    )
    return replace(paid, outcome="undone", reason=LEFT) if was.is_live else paid


def _closed(current: Round) -> Round:
    return current if current.denied else replace(current, denied=UNDONE)


def _renamed(value: Any, old: str, new: str) -> Any:
    """With every id of the old goal or of something in it as one of the new goal."""
    match value:
        case str():
            inside = value == old or value.startswith(f"{old}.")
            return type(value)(new + value[len(old) :]) if inside else value
        case BaseModel():
            update = {
                name: _renamed(getattr(value, name), old, new) for name in type(value).model_fields
            }
            return value.model_copy(update=update)
        case Mapping():
            return {_renamed(k, old, new): _renamed(v, old, new) for k, v in value.items()}
        case tuple():
            return tuple(_renamed(each, old, new) for each in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            names = [each.name for each in fields(value)]
            return type(value)(*(_renamed(getattr(value, name), old, new) for name in names))
        case _:
            return value
