import asyncio
from dataclasses import dataclass, field, replace

import pytest

from swarm.actors.tidings import QUIET_MS, Tidings, standing_of
from swarm.coordination.public_api import GoalState, HumanCommand, Joined, Veto
from swarm.domain.errors import Transient
from swarm.domain.events import (
    Event,
    FollowUpOpened,
    PublicationDone,
    PullRequestClosed,
    PullRequestMerged,
    PullRequestReverted,
)
from swarm.domain.goals import GoalStatus, Tracker
from swarm.domain.names import CommitHash, Digest, GoalId
from swarm.domain.tasks import Finding
from swarm.forge.public_api import Outcome, Standing
from swarm.testing.events import a_goal

TRACKER = Tracker(
    api="https://forge", repository="ann/library", repository_id=1, clone="https://forge/x.git",
    issue=7, approved=Digest("a" * 64), approver="ann",
)  # fmt: skip
HEAD = CommitHash("1" * 40)
HOUR = 3_600_000
OPEN = Outcome(state="open", draft=True, head=HEAD)


@dataclass(slots=True)
class Elsewhere:
    """A forge that says what it is told to."""

    outcome_: Outcome = OPEN
    revoked: str = ""
    away: bool = False
    shown: list[Standing] = field(default_factory=list)
    ready: list[int] = field(default_factory=list)
    explained: int = 0
    reverted_by: str = ""
    looked_back: int = 0

    async def reverted(self, tracker: Tracker, number: int) -> str:
        self.looked_back += 1
        return self.reverted_by

    async def findings(self, tracker: Tracker, number: int) -> tuple[Finding, ...]:
        self.explained += 1
        return (Finding(rule="ci", message="tests: E assert"),)

    async def outcome(self, tracker: Tracker, number: int) -> Outcome:
        return self.outcome_

    async def show(self, tracker: Tracker, standing: Standing) -> None:
        if self.away:
            raise Transient("away")
        self.shown.append(standing)

    async def make_ready(self, tracker: Tracker, number: int) -> None:
        self.ready.append(number)

    async def why_revoked(self, tracker: Tracker) -> str:
        return self.revoked


@dataclass(slots=True)
class Scene:
    state: GoalState
    there: Elsewhere = field(default_factory=Elsewhere)
    events: list[Event] = field(default_factory=list)
    heard: list[HumanCommand] = field(default_factory=list)
    at: int = HOUR

    def tidings(self) -> Tidings:
        async def commit(events: tuple[Event, ...]) -> None:
            self.events.extend(events)

        async def hear(command: HumanCommand) -> None:
            self.heard.append(command)

        goals = {self.state.goal.goal_id: self.state}
        return Tidings(self.there, lambda: goals, commit, hear, lambda: self.at)

    def once(self) -> None:
        asyncio.run(self.tidings().once())


def a_state(*, number: int | None = None) -> GoalState:
    goal = a_goal().model_copy(update={"tracker": TRACKER})
    state = GoalState(goal=goal, submitted_at=0, touched_at=HOUR)
    if number is None:
        return state
    done = PublicationDone(
        at=HOUR, goal_id=GoalId(goal.goal_id), number=number, branch="swarm/x", head=HEAD
    )
    joined = Joined((), goal.base_tree, HEAD)
    return replace(state, published=done, status=GoalStatus.DONE, joined=joined)


def test_how_a_goal_stands_is_shown_once() -> None:
    scene = Scene(a_state())
    tidings = scene.tidings()
    asyncio.run(tidings.once())
    asyncio.run(tidings.once())
    assert scene.there.shown == [standing_of(scene.state, TRACKER)]


@pytest.mark.parametrize(("later", "words"), [(QUIET_MS - 1, 1), (QUIET_MS, 2)])
def test_another_number_in_a_text_is_not_worth_a_word_a_minute(later: int, words: int) -> None:
    scene = Scene(a_state())
    tidings = scene.tidings()
    asyncio.run(tidings.once())
    goals = dict(tidings.goals())
    approver = TRACKER.model_copy(update={"approver": "bob"})
    goal = scene.state.goal.model_copy(update={"tracker": approver})
    goals[goal.goal_id] = replace(scene.state, goal=goal)
    tidings.goals = lambda: goals
    scene.at += later
    asyncio.run(tidings.once())
    assert len(scene.there.shown) == words


def test_a_forge_that_is_away_is_told_the_next_time() -> None:
    scene = Scene(a_state(), Elsewhere(away=True))
    tidings = scene.tidings()
    asyncio.run(tidings.once())
    scene.there.away = False
    asyncio.run(tidings.once())
    assert len(scene.there.shown) == 1


def test_an_approval_that_was_taken_back_is_a_no() -> None:
    scene = Scene(a_state(), Elsewhere(revoked="issue #7 was edited"))
    scene.once()
    (command,) = scene.heard
    assert isinstance(command, Veto)
    assert command.reason == "issue #7 was edited"


@pytest.mark.parametrize(
    ("state", "event"), [("merged", PullRequestMerged), ("closed", PullRequestClosed)]
)
def test_what_people_decide_there_settles_the_goal(state: str, event: type[Event]) -> None:
    outcome = Outcome.model_validate({"state": state, "head": HEAD})
    scene = Scene(a_state(number=3), Elsewhere(outcome))
    scene.once()
    assert [type(each) for each in scene.events] == [event]


@pytest.mark.parametrize(
    ("checks", "after", "ready"),
    [
        ("green", 0, [3]), ("red", 10 * HOUR, []), ("pending", 10 * HOUR, []),
        ("none", 0, []), ("none", HOUR, [3]),
    ],
)  # fmt: skip
def test_a_draft_is_made_ready_when_checks_are_green(
    checks: str, after: int, ready: list[int]
) -> None:
    outcome = Outcome.model_validate(
        {"state": "open", "draft": True, "head": HEAD, "checks": checks}
    )
    scene = Scene(a_state(number=3), Elsewhere(outcome), at=HOUR + after)
    scene.once()
    assert (scene.there.ready, scene.events) == (ready, [])


def test_the_end_is_told_too_when_the_forge_was_away_just_then() -> None:
    scene = Scene(a_state(number=3))
    tidings = scene.tidings()
    asyncio.run(tidings.once())
    scene.state = replace(scene.state, landed="merged")
    scene.there.away = True
    tidings.goals = lambda: {scene.state.goal.goal_id: scene.state}
    asyncio.run(tidings.once())
    scene.there.away = False
    asyncio.run(tidings.once())
    assert [each.label for each in scene.there.shown] == ["swarm:review", "swarm:settled"]


def asking(*names: str, waits: bool = False, head: CommitHash = HEAD) -> Elsewhere:
    return Elsewhere(
        Outcome(state="open", draft=True, head=head, checks="red", waits=waits, asks=names)
    )


def test_what_failed_there_is_followed_up_with_all_that_is_said_of_it() -> None:
    scene = Scene(a_state(number=3), asking("ci:tests"))
    scene.once()
    (event,) = scene.events
    assert isinstance(event, FollowUpOpened)
    assert (event.about, event.findings[0].message) == (("ci:tests",), "tests: E assert")


@pytest.mark.parametrize(
    "there",
    [asking("ci:tests", waits=True), asking("ci:tests", head=CommitHash("2" * 40)), asking()],
    ids=["others are not done", "people went on", "nothing is asked"],
)
def test_what_is_not_ours_to_do_now_is_not_even_read(there: Elsewhere) -> None:
    scene = Scene(a_state(number=3), there)
    scene.once()
    assert (scene.events, there.explained, there.ready) == ([], 0, [])


def test_nothing_is_begun_when_nobody_will_be_there() -> None:
    scene = Scene(a_state(number=3), asking("ci:tests"))
    asyncio.run(scene.tidings().once(last=True))
    assert scene.events == []


def test_a_branch_that_people_went_on_with_is_not_made_ready() -> None:
    other = Outcome(state="open", draft=True, head=CommitHash("2" * 40), checks="green")
    scene = Scene(a_state(number=3), Elsewhere(other))
    scene.once()
    assert scene.there.ready == []


def test_what_was_merged_and_taken_back_is_noted_within_two_weeks() -> None:
    state = replace(a_state(number=3), landed="merged")
    scene = Scene(state, Elsewhere(reverted_by="f" * 40))
    scene.once()
    (event,) = scene.events
    assert isinstance(event, PullRequestReverted)
    assert (event.number, event.commit) == (3, "f" * 40)
    late = Scene(state, Elsewhere(reverted_by="f" * 40), at=HOUR + 15 * 24 * HOUR)
    late.once()
    assert (late.events, late.there.looked_back) == ([], 0)


def test_it_is_not_looked_back_all_the_time() -> None:
    scene = Scene(replace(a_state(number=3), landed="merged"))
    tidings = scene.tidings()
    for _ in range(3):
        asyncio.run(tidings.once())
    assert scene.there.looked_back == 1


def test_goals_of_the_embedded_forge_are_not_its_business() -> None:
    goal = a_goal()
    scene = Scene(GoalState(goal=goal, submitted_at=0, touched_at=HOUR))
    scene.once()
    assert scene.there.shown == []


def test_what_was_over_long_ago_is_left_alone() -> None:
    state = replace(a_state(number=3), landed="said")
    scene = Scene(state, at=100 * HOUR)
    scene.once()
    assert scene.there.shown == []
