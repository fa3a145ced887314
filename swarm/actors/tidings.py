"""News to and from the forge that a goal came from: how it stands, and what people there decide.

The journal is the truth; what is shown there mirrors it and is put right from time to time. What people
do there (merge, close, take an approval back) becomes a fact here. Nothing of it is in a hurry, and a
forge that cannot be reached stops no goal: it is told, or asked, the next time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from swarm.coordination.public_api import (
    Accepted,
    GoalState,
    HumanCommand,
    Rules,
    Veto,
    closed,
    followed_up,
    may_follow_up,
    merged,
    planned,
    reverted,
)
from swarm.domain.errors import SwarmError
from swarm.domain.events import Event
from swarm.domain.goals import GoalStatus, Tracker
from swarm.domain.names import CommandId, GoalId
from swarm.domain.tasks import Finding
from swarm.forge.public_api import Outcome, Standing, markdown_line

GRACE_MS = 60_000
"""A repository without any check for so long after publication has none."""

DAY_MS = 24 * 3_600_000
REVERT_MS = 14 * DAY_MS
"""So long after a merge it is looked whether it was taken back."""

QUIET_MS = 60_000
"""A word about the same state is said no sooner after the last one: each costs some of the calls that a forge
allows, and people a notification's worth of attention.
"""

LOOK_BACK_MS = 600_000
"""Between two such looks, for each goal."""

_WORDS = {
    GoalStatus.DONE: "done",
    GoalStatus.FAILED: "failed",
    GoalStatus.BLOCKED: "blocked",
    GoalStatus.CANCELLED: "cancelled",
    GoalStatus.PAUSED: "paused",
    GoalStatus.WAITING: "waiting",
    GoalStatus.QUEUED: "queued",
}


class Abroad(Protocol):
    """Of the publisher: the part that forges far away need."""

    async def outcome(self, tracker: Tracker, number: int) -> Outcome: ...
    async def findings(self, tracker: Tracker, number: int) -> tuple[Finding, ...]: ...
    async def reverted(self, tracker: Tracker, number: int) -> str: ...
    async def show(self, tracker: Tracker, standing: Standing) -> None: ...
    async def make_ready(self, tracker: Tracker, number: int) -> None: ...
    async def why_revoked(self, tracker: Tracker) -> str: ...


@dataclass(slots=True)
class Tidings:
    publisher: Abroad
    goals: Callable[[], Mapping[GoalId, GoalState]]
    commit: Callable[[tuple[Event, ...]], Awaitable[None]]
    hear: Callable[[HumanCommand], Awaitable[None]]
    now: Callable[[], int]
    rules: Rules = field(default_factory=Rules)
    seconds: float = 20.0
    """Between two looks. Where nothing is new, a look costs none of the calls that a forge allows."""

    _shown: dict[GoalId, Standing] = field(default_factory=dict)
    _shown_at: dict[GoalId, int] = field(default_factory=dict)
    _looked_back: dict[GoalId, int] = field(default_factory=dict)

    async def run(self) -> None:
        """For ever."""
        while True:
            await self.once()
            await asyncio.sleep(self.seconds)

    async def once(self, *, last: bool = False) -> None:
        """One look at every goal of a forge, and one word about each where something is new.

        `last`: nobody will be there to work on what is found.
        """
        for state in tuple(self.goals().values()):
            tracker = state.goal.tracker
            if tracker is not None and state.landed == "merged":
                with suppress(SwarmError):
                    await self._look_back(state, tracker)
            if tracker is None or (_is_over(state) and self._was_told(state, tracker)):
                continue
            with suppress(SwarmError):  # the next round does it
                await self._follow(state, tracker, last=last)
            with suppress(SwarmError):
                await self._show(self.goals()[state.goal.goal_id], tracker, last=last)

    def _was_told(self, state: GoalState, tracker: Tracker) -> bool:
        """By this process, or by one before it that had a day's time."""
        old = self.now() - state.touched_at > DAY_MS
        return old or self._shown.get(state.goal.goal_id) == standing_of(state, tracker)

    async def _follow(self, state: GoalState, tracker: Tracker, *, last: bool) -> None:
        if state.opened is not None and not state.landed:
            await self._settle(state, tracker, state.opened.number, last=last)
        elif not state.status.is_final and (why := await self.publisher.why_revoked(tracker)):
            await self.hear(
                Veto(
                    command_id=CommandId(f"c-revoked-{state.goal.goal_id}"),
                    goal_id=state.goal.goal_id,
                    reason=why,
                )
            )

    async def _settle(self, state: GoalState, tracker: Tracker, number: int, *, last: bool) -> None:
        outcome = await self.publisher.outcome(tracker, number)
        match outcome.state:
            case "merged":
                await self.commit(merged(self._now(state), "said", self.now()))
            case "closed":
                await self.commit(closed(self._now(state), self.now()))
            case "open" if outcome.asks and not outcome.waits:
                if not last:
                    await self._follow_up(state, tracker, number, outcome)
            case "open" if outcome.draft and self._is_ready(state, outcome):
                await self.publisher.make_ready(tracker, number)

    async def _look_back(self, state: GoalState, tracker: Tracker) -> None:
        """Whether people have taken back what they had merged."""
        goal_id, now = state.goal.goal_id, self.now()
        recent = now - state.touched_at < REVERT_MS
        if not recent or now - self._looked_back.get(goal_id, 0) < LOOK_BACK_MS:
            return
        self._looked_back[goal_id] = now
        assert state.opened is not None
        if commit := await self.publisher.reverted(tracker, state.opened.number):
            await self.commit(reverted(self._now(state), commit, self.now()))

    async def _follow_up(
        self, state: GoalState, tracker: Tracker, number: int, outcome: Outcome
    ) -> None:
        """Asked for the whole of it only when it will be worked on: logs are long."""
        if not may_follow_up(state, outcome.head, outcome.asks, self.rules):
            return
        findings = await self.publisher.findings(tracker, number)
        now = self._now(state)
        await self.commit(
            followed_up(now, outcome.head, outcome.asks, findings, self.rules, self.now())
        )

    def _now(self, state: GoalState) -> GoalState:
        """As it is after what was waited for."""
        return self.goals()[state.goal.goal_id]

    def _is_ready(self, state: GoalState, outcome: Outcome) -> bool:
        """The quorum has spoken before it was opened; what is left is the repository's own checks."""
        if state.published is None or state.published.head != outcome.head or outcome.waits:
            return False
        if outcome.checks == "none":
            return self.now() - state.published.at > GRACE_MS
        return outcome.checks == "green"

    async def _show(self, state: GoalState, tracker: Tracker, *, last: bool) -> None:
        goal_id, standing, now = state.goal.goal_id, standing_of(state, tracker), self.now()
        known = self._shown.get(goal_id)
        if known == standing:
            return
        quiet = known is not None and not last and not _is_news(known, standing)
        if quiet and now - self._shown_at[goal_id] < QUIET_MS:
            return
        await self.publisher.show(tracker, standing)
        self._shown[goal_id], self._shown_at[goal_id] = standing, now


def _is_news(known: Standing, standing: Standing) -> bool:
    """More than another number in its text."""
    return (known.label, known.head, known.verdict) != (
        standing.label,
        standing.head,
        standing.verdict,
    )


def _is_over(state: GoalState) -> bool:
    return state.status.is_final and (state.opened is None or bool(state.landed))


def standing_of(state: GoalState, tracker: Tracker) -> Standing:
    """What people at the forge see of a goal. Pure."""
    word = _word(state)
    return Standing(
        key=state.goal.goal_id,
        issue=tracker.issue,
        label=f"swarm:{word}",
        text=_text(state, tracker, word),
        head=state.intended.head if state.intended and state.published else None,
        verdict="success" if state.certificate else "pending",
        said=_verdict(state),
    )


def _word(state: GoalState) -> str:
    if state.opened is not None and state.landed:
        return "settled"
    if state.published is not None:
        return "review"
    return _WORDS.get(state.status, "working")


def _text(state: GoalState, tracker: Tracker, word: str) -> str:
    lines = [f"**swarm** · {word} · goal `{state.goal.goal_id}`, approved by {_name(tracker)}"]
    if state.opened is not None:
        ended = f"It was {state.landed}." if state.landed else "A person merges it, or closes it."
        lines.append(f"Pull request: #{state.opened.number}. {ended}")
    if state.follow_ups:
        about = "; ".join(_about(each) for one in state.follow_ups for each in one.about)
        lines.append(f"Followed up: {about}.")
    writes = planned(state)
    if writes:
        accepted = sum(isinstance(task.phase, Accepted) for task in writes)
        lines.append(f"Tasks: {accepted} of {len(writes)} accepted.")
    if state.status.is_final and state.published is None and state.reason:
        lines.append(f"Why: {markdown_line(state.reason, 600)}")
        lines.append("For another try, somebody who may write approves it anew.")
    return "\n\n".join(lines)


def _about(name: str) -> str:
    """Names of checks are other people's words."""
    return markdown_line(name, 100)


def _name(tracker: Tracker) -> str:
    """Named, not notified."""
    return f"`{tracker.approver}`"


def _verdict(state: GoalState) -> str:
    if state.certificate is None:
        return "no quorum yet"
    yes = sum(ballot.choice == "yes" for ballot in state.certificate.ballots)
    return (
        f"{yes} yes of {len(state.certificate.ballots)}; certificate {state.certificate.hash[:16]}"
    )
