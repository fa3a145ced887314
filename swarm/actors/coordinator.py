"""The one writer of the journal: hears commands, clears the market, gives out work, sees to the rest.

Decisions are made in one synchronous piece and folded at once; nobody is answered, no lease is handed
out and nothing is done outside before they are on the disk. Everything else that it holds is soft and
comes back by itself after a crash: deadlines start anew, hosts attend again, duties are found again
in the state.
"""

import asyncio
import copy
import math
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from swarm.actors.clock import Clock
from swarm.actors.inbox import waiting
from swarm.actors.notifier import Notifier
from swarm.actors.office import Office
from swarm.actors.ports import Entry, Lease, Orders, RegistryPort
from swarm.actors.room import is_lack_of_room, waiting_for_room
from swarm.coordination.public_api import (
    AgentCommand,
    Attempt,
    Command,
    Context,
    DeliverGuidance,
    Describe,
    Exchange,
    ExpireLease,
    GoalState,
    HumanCommand,
    Join,
    Publish,
    Rules,
    Withdraw,
    award,
    closed,
    conflicted,
    decide,
    duty,
    fold,
    follow,
    goal_named,
    intended,
    joined,
    merged,
    overtime_of,
    published,
    rebuild,
    seconds_for,
    unpublishable,
    withdrawn,
)
from swarm.domain.ballots import Voter
from swarm.domain.bids import AgentCard
from swarm.domain.changes import Changes
from swarm.domain.errors import Exhausted, NeedsHuman, Rejected, SwarmError, Transient
from swarm.domain.events import CoordinatorStarted, Event, GoalEnded, QuestionAsked
from swarm.domain.evidence import Evidence
from swarm.domain.goals import Goal, GoalStatus
from swarm.domain.names import AttemptId, Digest, GoalId, HostId, TreeHash, goal_of
from swarm.domain.tasks import TaskKind
from swarm.journal.public_api import Blobs, Journal
from swarm.quorum.public_api import Verify
from swarm.repository.public_api import Conflict

TICK_SECONDS = 0.1
BEAT_SECONDS = 3.0
WAIT_SECONDS = 5.0
"""Until what went wrong for now is tried again."""

POLL_SECONDS = 1.0
LOOK_SECONDS = 30.0
"""Between two looks whether the user has merged something."""

ARRIVAL_SECONDS = 30.0
"""Hosts that have not come by then are not waited for."""

SETTLED_SECONDS = 0.3
"""A coordinator without open goals ends when nothing was left for it for so long."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the coordinator keeps to, from the settings."""

    rules: Rules
    alpha: int
    beta: int
    lease_seconds: int
    expected: frozenset[str]
    """Names of the hosts that are to come."""

    version: str
    runtime: Literal["inline", "ray"]


@dataclass(slots=True)
class _Guest:
    """A host that attends."""

    able: dict[GoalId, str] = field(default_factory=dict)
    """Why it cannot work on a goal; empty = it can."""


@dataclass(slots=True)
class Coordinator:
    journal: Journal
    blobs: Blobs
    office: Office
    registry: RegistryPort
    clock: Clock
    terms: Terms
    verify: Verify
    notifier: Notifier
    entry: Entry
    """How the registry tells of it: its replicas of facts are the ones that are kept."""

    goals: dict[GoalId, GoalState] = field(default_factory=dict)
    _entries: tuple[Entry, ...] = ()
    _guests: dict[HostId, _Guest] = field(default_factory=dict)
    _deadlines: dict[AttemptId, float] = field(default_factory=dict)
    """Leases that are on the disk, and when they run out."""

    _time_up: dict[GoalId, float] = field(default_factory=dict)
    _fetched: set[GoalId] = field(default_factory=set)
    _later: dict[GoalId, float] = field(default_factory=dict)
    """Goals whose duty met something transient, and when to try again."""

    _unwritten: SwarmError | None = None
    """Why the journal could not be written."""

    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _started: float = 0.0
    _next_look: float = -math.inf
    _looked: float = 0.0
    _lap: float = 0.0
    """Seconds between the last two ticks: what a pause adds to a goal's time."""

    # Life ---------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Fold the journal. Live leases get one full duration from now."""
        self.goals = rebuild(record.event for record in self.journal.read())
        self._started = self._looked = self.clock.elapsed()
        for state in self._open():
            self._set_deadline(state)
            for attempt in state.live():
                self._renew(attempt)

    async def run(self, *, forever: bool, awaited: Callable[[], bool] = lambda: False) -> None:
        """Work until no goal is open, or for ever. Those that only wait for a human count only while
        somebody waits to see them go on.
        """
        started = CoordinatorStarted(
            at=self.clock.now(), version=self.terms.version, runtime=self.terms.runtime
        )
        await self._commit((started,))
        try:
            async with asyncio.TaskGroup() as group:
                attending = [group.create_task(each) for each in (self._watch(), self._beat())]
                await self._work(lambda: forever or (awaited() and any(self._open())))
                for task in attending:
                    task.cancel()
        finally:
            self._announce_news()
            await asyncio.to_thread(self.notifier.close)

    async def _work(self, stays: Callable[[], bool]) -> None:
        idle_since = self.clock.elapsed()
        while True:
            news = self._news
            busy = await self._tick()
            if busy or stays():
                idle_since = self.clock.elapsed()
            elif self.clock.elapsed() - idle_since > SETTLED_SECONDS:
                return
            try:
                async with asyncio.timeout(TICK_SECONDS):
                    await news.wait()
            except TimeoutError:
                continue

    async def _watch(self) -> None:
        version = 0
        while True:
            seen = version
            version, self._entries = await self.registry.watch(seen)
            if version != seen:
                await asyncio.to_thread(self.office.picture, tuple(self._cards()))
            self._guests = {e.host: self._guests.get(e.host, _Guest()) for e in self._entries}
            self._announce_news()

    async def _beat(self) -> None:
        while True:
            with suppress(Transient):  # the next beat says it again
                await self.registry.announce(self.entry)
            await asyncio.sleep(BEAT_SECONDS)

    async def _tick(self) -> bool:
        """One look at everything. True while a goal is open that does not only wait for a human."""
        self._demand_journal()
        now = self.clock.elapsed()
        self._lap, self._looked = now - self._looked, now
        await self._empty_inbox()
        await self._expire_leases()
        await self._notice_endings()
        for goal_id in tuple(self.goals):
            if not self.goals[goal_id].status.is_final:
                await self._see_to(goal_id)
            elif self._is_to_withdraw(self.goals[goal_id]):
                await self._withdraw_late(goal_id)
        return any(not state.only_waits for state in self._open()) or any(
            self._is_to_withdraw(state) for state in self.goals.values()
        )

    # Goals --------------------------------------------------------------------------------------

    async def _notice_endings(self) -> None:
        """A merge, or a closed pull request, is the user's last word on a goal. Looked for at the
        start, then now and then.
        """
        if self.clock.elapsed() < self._next_look:
            return
        self._next_look = self.clock.elapsed() + LOOK_SECONDS
        for state in tuple(self.goals.values()):
            if state.published is None or state.landed:
                continue
            with suppress(SwarmError):  # a repository that is gone says nothing about its merges
                if await self.office.is_closed(state):
                    await self._commit(closed(state, self.clock.now()))
                elif (how := await self.office.notice_merge(state)) is not None:
                    await self._commit(merged(state, how, self.clock.now()))

    async def _see_to(self, goal_id: GoalId) -> None:
        """One goal's error never stops another."""
        if self._later.get(goal_id, 0.0) > self.clock.elapsed():
            return
        try:
            await self._advance(goal_id)
        except Exception as error:  # noqa: BLE001 - the one place: a bug fails its goal, not the others
            self._demand_journal()
            await self._account_for(goal_id, error)

    async def _account_for(self, goal_id: GoalId, error: Exception) -> None:
        match error:
            case Transient():
                wait = error.retry_after.total_seconds() if error.retry_after else WAIT_SECONDS
                self._later[goal_id] = self.clock.elapsed() + wait
            case _ if isinstance(error, Exhausted) or is_lack_of_room(error):
                # Duties have no budget: what is exhausted is a disk.
                self._later[goal_id] = self.clock.elapsed() + WAIT_SECONDS
            case NeedsHuman():
                await self._end(goal_id, GoalStatus.BLOCKED, f"{error}. {error.advice}".strip())
            case SwarmError():
                await self._end(goal_id, GoalStatus.FAILED, f"{error}. {error.advice}".strip())
            case _:
                trace = "".join(traceback.format_exception(error))[-2000:]
                await self._end(goal_id, GoalStatus.FAILED, f"bug in the coordinator: {trace}")

    async def _advance(self, goal_id: GoalId) -> None:
        if goal_id not in self._fetched and not self.goals[goal_id].intended:
            await self.office.fetch(self.goals[goal_id].goal)
            self._fetched.add(goal_id)
            self._set_deadline(self.goals[goal_id])
        self._hold_back(goal_id)
        while events := self._following(self.goals[goal_id]):
            await self._commit(events)
        await self._do_duty(self.goals[goal_id])

    def _following(self, state: GoalState) -> tuple[Event, ...]:
        at = self.clock.now()
        if state.status.is_final:
            return ()
        if events := follow(state, at, self._context(state)):
            return events
        if unable := self._unable(state):
            return (
                GoalEnded(
                    at=at,
                    goal_id=state.goal.goal_id,
                    status=GoalStatus.FAILED,
                    reason=unable,
                    cause="environment",
                ),
            )
        return award(state, self._exchange(state), at)

    def _context(self, state: GoalState) -> Context:
        late = self.clock.elapsed() - self._time_up[state.goal.goal_id]
        return Context(
            rules=self.terms.rules,
            roster=self._roster(),
            verify=self.verify,
            evidence=self._evidence(state),
            is_complete=self._is_everybody_there(state.goal.goal_id),
            time_is_up=late > 0,
            overtime_is_up=late > overtime_of(state),
        )

    def _roster(self) -> tuple[Voter, ...]:
        """The voters who are there now, fixed into the policy when a round is opened."""
        return tuple(
            Voter(
                agent_id=card.agent_id,
                principal=card.principal,
                role=card.role,
                family=card.family,
                public_key=card.public_key,
            )
            for card in sorted(self._cards(), key=lambda card: card.agent_id)
            if card.role == "tester" or card.role == "reviewer"
        )

    def _evidence(self, state: GoalState) -> dict[Digest, Evidence]:
        """What the present ballots refer to; a ballot whose evidence is not here does not count."""
        named = {ballot.evidence for ballot in state.round.ballots} if state.round else set()
        return {
            digest: Evidence.model_validate_json(self.blobs.get(digest))
            for digest in named
            if self.blobs.has(digest)
        }

    async def _do_duty(self, state: GoalState) -> None:
        match duty(state):
            case Join() as join:
                await self._join(state, join)
            case Describe():
                await self.office.learn(state)
                told = await self.office.describe(state)
                await self._commit(intended(state, told.title, told.body, self.clock.now()))
                self._announce_news()
            case Publish():
                await self._publish(state)
            case Withdraw():
                await self._withdraw(state)
            case None:
                return

    async def _join(self, state: GoalState, join: Join) -> None:
        outcome = await self.office.join(state, join)
        at = self.clock.now()
        if isinstance(outcome, Conflict):
            fitting = join.patches[: outcome.index]
            onto = await self.office.join(state, Join(fitting))
            assert not isinstance(onto, Conflict)
            events = conflicted(
                state, join, outcome.index, onto.tree, outcome.paths, self.terms.rules, at
            )
        else:
            head = await self.office.commit(state, join, outcome.trees_in_order)
            events = joined(state, join, outcome.trees_in_order, head, at)
        await self._commit(events)
        self._announce_news()

    async def _publish(self, state: GoalState) -> None:
        assert state.intended is not None
        try:
            done = await self.office.publish(state, state.intended)
        except (NeedsHuman, Rejected) as error:
            reason = f"{error}. {error.advice}".strip()
            await self._commit(unpublishable(state, reason, self.clock.now()))
            return
        await self._commit(published(state, done.number, done.head, self.clock.now()))
        self._announce_news()

    async def _withdraw(self, state: GoalState) -> None:
        number = await self.office.withdraw(state)
        await self._commit(withdrawn(state, number, self.clock.now()))
        self._announce_news()

    def _is_to_withdraw(self, state: GoalState) -> bool:
        later = self._later.get(state.goal.goal_id, 0.0)
        return isinstance(duty(state), Withdraw) and later <= self.clock.elapsed()

    async def _withdraw_late(self, goal_id: GoalId) -> None:
        """After the goal's end. What a forge says now (it is merged, it is gone) may be otherwise later."""
        self._later[goal_id] = self.clock.elapsed() + LOOK_SECONDS
        with suppress(SwarmError):
            await self._withdraw(self.goals[goal_id])
        self._demand_journal()

    async def _end(self, goal_id: GoalId, status: GoalStatus, reason: str) -> None:
        ended = GoalEnded(at=self.clock.now(), goal_id=goal_id, status=status, reason=reason)
        await self._commit((ended,))

    # Time ---------------------------------------------------------------------------------------

    def _set_deadline(self, state: GoalState) -> None:
        """What is left of the goal's time. Only what the journal saw counts, so a clock that jumps
        while nobody works costs nothing.
        """
        used = max(state.touched_at - state.submitted_at, 0) / 1000
        left = max(state.goal.seconds - used, 0.0)
        self._time_up.setdefault(state.goal.goal_id, self.clock.elapsed() + left)

    def _hold_back(self, goal_id: GoalId) -> None:
        """A pause stops the clocks of the goal and of its leases; waiting for an answer, the goal's."""
        state = self.goals[goal_id]
        if state.only_waits:
            self._time_up[goal_id] += self._lap
            for attempt in state.live():
                self._renew(attempt)

    def _renew(self, attempt: Attempt) -> None:
        self._deadlines[attempt.attempt_id] = self.clock.elapsed() + attempt.duration_ms / 1000

    async def _expire_leases(self) -> None:
        now, present = self.clock.elapsed(), {entry.host: entry.name for entry in self._entries}
        names = set(present.values())
        for state in self._open():
            for attempt in tuple(state.live()):
                deadline = self._deadlines.get(attempt.attempt_id)
                if deadline is None:
                    continue
                replaced = attempt.host not in present and name_of(attempt.host) in names
                if replaced or deadline < now:
                    why = "its host was started anew" if replaced else "nothing was heard of it"
                    await self._hear(
                        ExpireLease(attempt_id=attempt.attempt_id, epoch=attempt.epoch, reason=why)
                    )

    # The market's floor -------------------------------------------------------------------------

    def _exchange(self, state: GoalState) -> Exchange:
        goal_id = state.goal.goal_id
        able = {h for h, guest in self._guests.items() if guest.able.get(goal_id) == ""}
        ready = frozenset(TaskKind) if self._is_everybody_there(goal_id) else frozenset[TaskKind]()
        return Exchange(
            cards=tuple(card for card in self._cards() if card.host in able),
            busy=Counter(a.agent_id for each in self._open() for a in each.live()),
            ready=ready,
            alpha=self.terms.alpha,
            beta=self.terms.beta,
            rounds=self.terms.rules.rounds,
            lease_ms=self.terms.lease_seconds * 1000,
        )

    def _cards(self) -> Iterator[AgentCard]:
        return (card for entry in self._entries for card in entry.cards)

    def _is_everybody_there(self, goal_id: GoalId) -> bool:
        """Whether all hosts that are expected have said if they can work on this goal."""
        told = {e.name for e in self._entries if goal_id in self._guests[e.host].able}
        waited = self.clock.elapsed() - self._started > ARRIVAL_SECONDS
        return self.terms.expected <= told or (waited and bool(told))

    def _unable(self, state: GoalState) -> str:
        """Why no host at all can work on the goal; empty while one can, or may come."""
        goal_id = state.goal.goal_id
        if not self._is_everybody_there(goal_id):
            return ""
        told = [guest.able[goal_id] for guest in self._guests.values() if goal_id in guest.able]
        return "; ".join(dict.fromkeys(told)) if all(told) else ""

    # Commands -----------------------------------------------------------------------------------

    async def submit(self, command: HumanCommand) -> None:
        await self._hear(command)

    async def _empty_inbox(self) -> None:
        for path, command in await asyncio.to_thread(
            lambda: list(waiting(self.office.places.inbox))
        ):
            if command is None:
                path.replace(path.with_suffix(".unreadable"))
                continue
            try:
                await self._hear(command)
            except Rejected as error:
                self._demand_journal()
                path.with_suffix(".refused").write_text(f"{error}\n{error.advice}\n")
            path.unlink(missing_ok=True)

    async def _hear(self, command: Command) -> None:
        state = self.goals.get(goal_named(command))
        await self._commit(decide(state, command, self.clock.now()))

    async def _commit(self, events: tuple[Event, ...]) -> None:
        """Fold at once, answer when it is on the disk. If it cannot be written, this process ends."""
        if not events:
            return
        self._demand_journal()
        for event in events:
            fold(self.goals, event)
        try:
            await self.journal.append_durably(events)
        except SwarmError as error:
            self._unwritten = error
            self._announce_news()
            raise
        for event in events:
            if event.goal_id is None:
                continue
            state = self.goals[event.goal_id]
            for attempt in state.live():
                if attempt.attempt_id not in self._deadlines:
                    self._renew(attempt)
            if isinstance(event, GoalEnded | QuestionAsked):
                self.notifier.tell(state)
        self._announce_news()

    def _demand_journal(self) -> None:
        """What is held here went ahead of the disk: nothing may be decided or done any more."""
        if self._unwritten is not None:
            raise copy.copy(self._unwritten) from self._unwritten

    def _announce_news(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _open(self) -> Iterator[GoalState]:
        return (state for state in self.goals.values() if not state.status.is_final)

    # What hosts call ----------------------------------------------------------------------------

    async def attend(
        self, host: HostId, holding: tuple[tuple[AttemptId, int], ...], able: dict[GoalId, str]
    ) -> Orders:
        await asyncio.sleep(0)  # a host in this process must not keep the loop to itself
        guest = self._guests.setdefault(host, _Guest())
        if guest.able != able:
            guest.able = dict(able)
            self._announce_news()
        for attempt_id, epoch in holding:
            attempt = self._attempt(attempt_id)
            if attempt is not None and attempt.is_live and attempt.epoch == epoch:
                self._renew(attempt)
        news = self._news
        orders = self._orders(host, holding, guest)
        if orders.begin or orders.cease or orders.probe:
            return orders
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await news.wait()
        except TimeoutError:
            pass
        return self._orders(host, holding, guest)

    def _orders(
        self, host: HostId, holding: tuple[tuple[AttemptId, int], ...], guest: _Guest
    ) -> Orders:
        mine = [a for s in self._open() for a in s.live() if self._is_for(a, host)]
        current = {(a.attempt_id, a.epoch) for a in mine}
        held = set(holding)
        return Orders(
            begin=tuple(
                self._lease(attempt)
                for attempt in mine
                if (attempt.attempt_id, attempt.epoch) not in held
            ),
            cease=tuple(attempt_id for attempt_id, epoch in held - current),
            paused=frozenset(s.goal.goal_id for s in self._open() if s.paused),
            probe=tuple(s.goal for s in self._open() if s.goal.goal_id not in guest.able),
        )

    def _is_for(self, attempt: Attempt, host: HostId) -> bool:
        return attempt.host == host and attempt.attempt_id in self._deadlines

    def _lease(self, attempt: Attempt) -> Lease:
        state = self.goals[goal_of(attempt.attempt_id)]
        task = state.tasks[attempt.task_id]
        earlier = [
            state.attempts[each]
            for each in task.attempts[task.since :]
            if state.attempts[each].agent_id == attempt.agent_id
        ]
        return Lease(
            attempt_id=attempt.attempt_id,
            agent_id=attempt.agent_id,
            epoch=attempt.epoch,
            contract=task.contract.model_copy(update={"seconds": seconds_for(state, attempt)}),
            goal=state.goal,
            base_tree=task.base or state.goal.base_tree,
            budget=attempt.reserved - attempt.spent,
            done=tuple(step for each in earlier for step in each.steps),
            own_steps=len(attempt.steps),
            base_run=state.base_run,
            voided=state.voided,
            findings=task.findings,
            refused=task.refused,
            said=state.guidance,
            evidence=self._known_evidence(state, task.contract.task_id),
        )

    def _known_evidence(self, state: GoalState, task_id: str) -> Digest | None:
        """Evidence is bound to tree hashes, so nothing is run twice."""
        asked = next(t.contract for t in state.tasks.values() if t.contract.task_id == task_id)
        if asked.subject is None:
            return None
        for task in state.tasks.values():
            known = task.contract.subject
            if known is None or task.contract.aspect != asked.aspect or not task.attempts:
                continue
            report = state.attempts[task.attempts[-1]].report
            same = (known.base_tree, known.tree, known.targets, known.touch) == (
                asked.subject.base_tree,
                asked.subject.tree,
                asked.subject.targets,
                asked.subject.touch,
            )
            if report is not None and same:
                return report.evidence
        return None

    def _attempt(self, attempt_id: AttemptId) -> Attempt | None:
        state = self.goals.get(goal_of(attempt_id))
        return state.attempts.get(attempt_id) if state else None

    async def record(self, command: AgentCommand) -> tuple[str, ...]:
        await self._hear(command)
        attempt = self._attempt(command.attempt_id)
        state = self.goals[goal_of(command.attempt_id)]
        if attempt is None or not attempt.is_live or attempt.guided >= len(state.guidance):
            return ()
        texts, upto = state.guidance[attempt.guided :], len(state.guidance)
        await self._hear(
            DeliverGuidance(attempt_id=attempt.attempt_id, epoch=attempt.epoch, upto=upto)
        )
        return texts

    async def keep_tree(
        self, attempt_id: AttemptId, step: int, base: TreeHash, changes: Changes
    ) -> TreeHash:
        goal = self._goal(goal_of(attempt_id))
        at = self.goals[goal.goal_id].submitted_at
        with waiting_for_room():
            return await self.office.keep_tree(goal, attempt_id, step, base, changes, at)

    async def put(self, data: bytes) -> Digest:
        with waiting_for_room():
            return await asyncio.to_thread(self.blobs.put, data)

    async def get(self, digest: Digest) -> bytes:
        return await asyncio.to_thread(self.blobs.get, digest)

    async def archive(self, goal_id: GoalId, tree: TreeHash) -> bytes:
        with waiting_for_room():
            return await self.office.archive(self._goal(goal_id), tree)

    async def changes(self, goal_id: GoalId, base: TreeHash, tree: TreeHash) -> Changes:
        with waiting_for_room():
            return await self.office.changes(self._goal(goal_id), base, tree)

    def _goal(self, goal_id: GoalId) -> Goal:
        if goal_id not in self.goals:
            raise Rejected(f"there is no goal {goal_id}")
        return self.goals[goal_id].goal


def name_of(host: HostId) -> str:
    """A host's name without the part that is new at each start."""
    return host.split("#", 1)[0]
