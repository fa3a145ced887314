"""What the market learns from the way goals go."""

from swarm.coordination.public_api import fold, learn, rebuild, remember, remembering
from swarm.coordination.state import GoalState
from swarm.domain.events import (
    EVENT,
    Event,
    ExperienceGained,
    LeaseExpired,
    PullRequestClosed,
    TaskAccepted,
    TaskDropped,
)
from swarm.domain.experience import Experience
from swarm.domain.names import GoalId
from swarm.domain.tasks import TaskKind
from swarm.market.public_api import Key
from swarm.testing.events import a_finished_goal, a_running_goal


def told(events: tuple[Event, ...]) -> tuple[list[Event], dict[Key, Experience]]:
    """The story with what is learned on the way, as a coordinator keeps it."""
    goals: dict[GoalId, GoalState] = {}
    table: dict[Key, Experience] = {}
    kept: list[Event] = []
    for event in events:
        fold(goals, event)
        kept.append(event)
        for lesson in learn(goals, table, event, 20_000, 50_000):
            remember(table, lesson)
            kept.append(lesson)
    return kept, table


def gained(events: list[Event]) -> list[ExperienceGained]:
    return [event for event in events if isinstance(event, ExperienceGained)]


def test_an_accepted_task_teaches_of_its_writers_and_of_their_class() -> None:
    kept, table = told(a_finished_goal())
    accepted = [event for event in kept if isinstance(event, TaskAccepted)]
    assert {each.task_id for each in gained(kept)} == {each.task_id for each in accepted}
    classes = {agent for agent, _ in table if agent.startswith("class:")}
    assert classes
    assert len(table) > len(classes)


def test_a_new_process_remembers_all_of_it_from_the_bytes() -> None:
    kept, table = told(a_finished_goal())
    again: dict[Key, Experience] = {}
    goals = rebuild(remembering(again, (EVENT.validate_json(EVENT.dump_json(e)) for e in kept)))
    assert again == table
    assert goals


def test_what_was_learned_at_one_goal_is_known_at_the_next() -> None:
    _, once = told(a_finished_goal())
    _, twice = told((*a_finished_goal(), *a_finished_goal()))
    assert all(twice[key].tries >= once[key].tries for key in once)


def test_a_pull_request_that_is_closed_costs_its_writers_trust() -> None:
    kept, table = told(a_finished_goal())
    goals = rebuild(kept)
    state = next(iter(goals.values()))
    assert state.joined is not None
    closed = PullRequestClosed(at=9, goal_id=state.goal.goal_id, number=1)
    lessons = learn(goals, table, closed, 20_000, 50_000)
    writers = {state.attempts[piece.attempt_id].agent_id for piece in state.joined.pieces}
    assert {lesson.agent_id for lesson in lessons} == writers
    assert all(lesson.experience != table[lesson.agent_id, lesson.kind] for lesson in lessons)


def test_a_lease_that_was_lost_says_nothing_of_its_holder() -> None:
    story = a_running_goal()
    (state,) = rebuild(story).values()
    lost = next(
        attempt
        for attempt in state.live()
        if state.tasks[attempt.task_id].contract.kind is TaskKind.WRITE
    )
    goal_id = state.goal.goal_id
    ended = (
        LeaseExpired(at=9, goal_id=goal_id, attempt_id=lost.attempt_id, reason="silence"),
        TaskDropped(at=9, goal_id=goal_id, task_id=lost.task_id, reason="nobody is left"),
    )
    _, table = told((*story, *ended))
    known = table[lost.agent_id, TaskKind.WRITE]
    refused = [state.attempts[a] for a in state.tasks[lost.task_id].attempts[:-1]]
    assert {attempt.agent_id for attempt in refused} == {lost.agent_id}
    assert known.quoted == sum(attempt.price for attempt in refused)
