"""The books of goals, as a projection of their states."""

from swarm.coordination.public_api import GoalState, books, rebuild
from swarm.domain.events import PullRequestClosed
from swarm.testing.events import a_finished_goal, a_running_goal, an_exhausted_goal


def states(*stories: object) -> list[GoalState]:
    return [state for story in stories for state in rebuild(story).values()]  # type: ignore[arg-type]


def test_what_was_deposited_is_free_held_or_paid() -> None:
    for story in (a_finished_goal(), a_running_goal(), an_exhausted_goal()):
        (state,) = states(story)
        ledger = books([state])
        assert ledger.total("usd") == ledger.total("credit") == 0
        assert ledger.balance("world") == -state.goal.budget
        assert ledger.balance("provider") == state.spent


def test_live_attempts_hold_their_escrow_and_ended_ones_nothing() -> None:
    (state,) = states(a_running_goal())
    held = {name: e for name, e in books([state]).escrows.items() if not e.settled}
    assert set(held) == {attempt.attempt_id for attempt in state.live()}


def test_a_closed_pull_request_takes_the_credits_back() -> None:
    story = a_finished_goal()
    (before,) = states(story)
    closed = PullRequestClosed(at=9, goal_id=before.goal.goal_id, number=1)
    (after,) = states((*story, closed))
    earned = [a for (c, a), x in books([before]).balances.items() if c == "credit" and x > 0]
    earned = [name for name in earned if name.startswith("agent:")]
    assert earned
    for name in earned:
        assert books([after]).balance(name, "credit") <= 0
