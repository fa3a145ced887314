"""What a person reads of a task and of who tried it."""

from dataclasses import replace

from swarm.cli.market_record import became, shown_by
from swarm.coordination.public_api import Open
from swarm.domain.money import CERTAIN
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind
from swarm.testing.coordination import a_contract, a_world, drive


def test_a_task_tells_what_it_was_worth_and_how_its_attempts_ended() -> None:
    state = drive(a_world(a_contract(2)))
    (task,) = state.of_kind(TaskKind.WRITE)
    worth, attempt, end = became(state, task)
    assert worth.startswith("A right result is worth $")
    assert attempt.startswith("Attempt 1: ")
    assert "accepted after" in attempt
    assert end == "It is accepted, so nobody else tries it."


def test_a_check_that_has_its_answer_is_told_as_decided() -> None:
    state = drive(a_world(a_contract(2)))
    (check, *_) = state.of_kind(TaskKind.TEST)
    assert list(became(state, check))[-1] == "It has its answer, so nobody else is asked."
    unborn = replace(check, phase=Open())
    assert list(became(state, unborn))[-1] == "The goal ended before it was decided."


def test_what_was_claimed_and_how_long_it_worked_is_told_of_who_tried() -> None:
    state = drive(a_world(a_contract(2)))
    (task,) = state.of_kind(TaskKind.WRITE)
    writer = state.attempts[task.attempts[0]].agent_id
    shown = shown_by([state], now=10**12)
    claimed = shown[writer].claimed
    assert claimed is not None
    assert 0 < claimed < CERTAIN
    assert all(0 <= each.at_work <= CERTAIN for each in shown.values())
    assert all(each.claimed is None for agent, each in shown.items() if agent != writer)
    assert shown_by([], now=5) == dict[AgentId, object]()
