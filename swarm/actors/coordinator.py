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

from swarm.actors.attendance import Attendance
from swarm.actors.canaries import Errors
from swarm.actors.clock import Clock
from swarm.actors.course import Course
from swarm.actors.inbox import waiting
from swarm.actors.leasing import lease_of
from swarm.actors.notifier import Notifier
from swarm.actors.office import Office
from swarm.actors.ports import Entry, Orders, RegistryPort
from swarm.actors.room import is_lack_of_room, waiting_for_room
from swarm.actors.tidings import Tidings
from swarm.coordination.public_api import (
    AgentCommand,
    Attempt,
    Command,
    Context,
    Describe,
    Exchange,
    ExpireLease,
    GoalState,
    HumanCommand,
    Join,
    Publish,
    RecordStep,
    Rules,
    Trade,
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
    learn,
    merged,
    overtime_of,
    published,
    rebuild,
    remember,
    remembering,
    unpublishable,
    withdrawn,
)
from swarm.domain.changes import Changes
from swarm.domain.errors import Exhausted, NeedsHuman, Rejected, SwarmError, Transient
from swarm.domain.events import (
    CoordinatorStarted,
    Event,
    FollowUpOpened,
    GoalEnded,
    GoalRolledBack,
    QuestionAsked,
)
from swarm.domain.evidence import Evidence
from swarm.domain.experience import Experience
from swarm.domain.goals import Goal, GoalStatus
from swarm.domain.names import AttemptId, Digest, GoalId, HostId, TreeHash, goal_of
from swarm.domain.tasks import TaskKind
from swarm.journal.public_api import Blobs, Journal
from swarm.market.public_api import Key
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
"""Hosts that are not there for so long are not waited for: at the start, and when one falls silent."""

SETTLED_SECONDS = 0.3
"""A coordinator without open goals ends when nothing was left for it for so long."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the coordinator keeps to, from the settings."""

    rules: Rules
    errors: Errors
    """How often the checks err, as far as that is known by now."""

    lease_seconds: int
    expected: frozenset[str]
    """Names of the hosts that are to come."""

    version: str
    runtime: Literal["inline", "ray"]
    forge_seconds: float
    """Between two looks at pull requests of forges that are far away."""


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
    experience: dict[Key, Experience] = field(default_factory=dict)
    """What the market has learned of agents, over all goals of the journal."""

    _attendance: Attendance = field(init=False)
    _tidings: Tidings = field(init=False)
    _courses: dict[GoalId, Course] = field(default_factory=dict)
    _unwritten: SwarmError | None = None
    """Why the journal could not be written."""

    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _next_look: float = -math.inf
    _looked: float = 0.0
    _lap: float = 0.0
    """Seconds between the last two ticks: what a pause adds to a goal's time."""

    def __post_init__(self) -> None:
        self._attendance = Attendance(self.terms.expected)
        self._tidings = Tidings(
            self.office.publisher,
            lambda: self.goals,
            self._commit,
            self._hear,
            self.clock.now,
            self.terms.rules,
            self.terms.forge_seconds,
        )

    # Life ---------------------------------------------------------------------------------------

    def rebuild(self) -> None:
        """Fold the journal. Live leases get one full duration from now."""
        events = (record.event for record in self.journal.read())
        self.goals = rebuild(remembering(self.experience, events))
        self._looked = self._attendance.whole_at = self.clock.elapsed()
        for state in self._open():
            for attempt in state.live():
                self._course(state).renew(attempt, self._looked)

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
                lives = (self._watch(), self._beat(), self._tidings.run())
                attending = [group.create_task(each) for each in lives]
                await self._work(lambda: forever or (awaited() and any(self._open())))
                for task in attending:
                    task.cancel()
            await self._tidings.once(last=True)
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
            version, entries = await self.registry.watch(seen)
            self._attendance.see(entries, self.clock.elapsed())
            if version != seen:
                await asyncio.to_thread(self.office.picture, tuple(self._attendance.cards()))
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
            if state.published is None or state.landed or state.goal.tracker is not None:
                continue
            with suppress(SwarmError):  # a repository that is gone says nothing about its merges
                if await self.office.is_closed(state):
                    await self._commit(closed(state, self.clock.now()))
                elif (how := await self.office.notice_merge(state)) is not None:
                    await self._commit(merged(state, how, self.clock.now()))

    async def _see_to(self, goal_id: GoalId) -> None:
        """One goal's error never stops another."""
        if self._course(self.goals[goal_id]).not_before > self.clock.elapsed():
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
                self._put_off(goal_id, wait)
            case _ if isinstance(error, Exhausted) or is_lack_of_room(error):
                # Duties have no budget: what is exhausted is a disk.
                self._put_off(goal_id, WAIT_SECONDS)
            case NeedsHuman():
                await self._end(goal_id, GoalStatus.BLOCKED, f"{error}. {error.advice}".strip())
            case SwarmError():
                await self._end(goal_id, GoalStatus.FAILED, f"{error}. {error.advice}".strip())
            case _:
                trace = "".join(traceback.format_exception(error))[-2000:]
                await self._end(goal_id, GoalStatus.FAILED, f"bug in the coordinator: {trace}")

    async def _advance(self, goal_id: GoalId) -> None:
        state = self.goals[goal_id]
        course = self._course(state)
        if not course.is_fetched and not state.intended:
            await self.office.fetch(state.goal)
            course.is_fetched = True
        if self.goals[goal_id].only_waits:
            course.stand_still(self.goals[goal_id], self._lap, self.clock.elapsed())
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
        late = self.clock.elapsed() - self._course(state).time_up
        return Context(
            rules=self.terms.rules,
            roster=self._attendance.roster(),
            verify=self.verify,
            evidence=self._evidence(state),
            trade=self._trade(state),
            is_complete=self._is_complete(state),
            time_is_up=late > 0,
            overtime_is_up=late > overtime_of(state),
        )

    def _trade(self, state: GoalState) -> Trade:
        errors = self.terms.errors
        cards = self._attendance.able_cards(state.goal.goal_id)
        return Trade(cards, errors.by_check, errors.together)

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
        if not isinstance(duty(state), Withdraw):
            return False
        return self._course(state).not_before <= self.clock.elapsed()

    async def _withdraw_late(self, goal_id: GoalId) -> None:
        """After the goal's end. What a forge says now (it is merged, it is gone) may be otherwise later."""
        self._put_off(goal_id, LOOK_SECONDS)
        with suppress(SwarmError):
            await self._withdraw(self.goals[goal_id])
        self._demand_journal()

    async def _end(self, goal_id: GoalId, status: GoalStatus, reason: str) -> None:
        ended = GoalEnded(at=self.clock.now(), goal_id=goal_id, status=status, reason=reason)
        await self._commit((ended,))

    # Time ---------------------------------------------------------------------------------------

    def _course(self, state: GoalState) -> Course:
        goal_id = state.goal.goal_id
        if goal_id not in self._courses:
            self._courses[goal_id] = Course.begun(state, self.clock.elapsed())
        return self._courses[goal_id]

    def _put_off(self, goal_id: GoalId, seconds: float) -> None:
        self._course(self.goals[goal_id]).not_before = self.clock.elapsed() + seconds

    def _renew(self, attempt: Attempt) -> None:
        state = self.goals[goal_of(attempt.attempt_id)]
        self._course(state).renew(attempt, self.clock.elapsed())

    async def _expire_leases(self) -> None:
        for state in self._open():
            course = self._course(state)
            for attempt in tuple(state.live()):
                replaced = self._attendance.is_replaced(attempt.host)
                if course.knows(attempt) and (
                    replaced or course.has_run_out(attempt, self.clock.elapsed())
                ):
                    why = "its host was started anew" if replaced else "nothing was heard of it"
                    await self._hear(
                        ExpireLease(attempt_id=attempt.attempt_id, epoch=attempt.epoch, reason=why)
                    )

    # The market's floor -------------------------------------------------------------------------

    def _exchange(self, state: GoalState) -> Exchange:
        ready = frozenset(TaskKind) if self._is_complete(state) else frozenset[TaskKind]()
        return Exchange(
            cards=self._attendance.able_cards(state.goal.goal_id),
            busy=Counter(a.agent_id for each in self._open() for a in each.live()),
            ready=ready,
            alpha=self.terms.errors.alpha,
            beta=self.terms.errors.beta,
            rounds=self.terms.rules.rounds,
            lease_ms=self.terms.lease_seconds * 1000,
            experience=self.experience,
        )

    def _is_complete(self, state: GoalState) -> bool:
        waited = self.clock.elapsed() - self._attendance.whole_at > ARRIVAL_SECONDS
        return self._attendance.is_complete(state.goal.goal_id, waited=waited)

    def _unable(self, state: GoalState) -> str:
        """Why no host at all can work on the goal; empty while one can, or may come."""
        complete = self._is_complete(state)
        return self._attendance.why_nobody(state.goal.goal_id) if complete else ""

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
        events = tuple(self._folded(events))
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
                if not self._course(state).knows(attempt):
                    self._renew(attempt)
            if isinstance(event, GoalEnded | QuestionAsked):
                self.notifier.tell(state)
            if isinstance(event, GoalRolledBack | FollowUpOpened):
                self._courses.pop(event.goal_id, None)
        self._announce_news()

    def _folded(self, events: tuple[Event, ...]) -> Iterator[Event]:
        """The same events, each followed by what the market learns from it."""
        for event in events:
            fold(self.goals, event)
            yield event
            for lesson in learn(
                self.goals, self.experience, event, self.terms.errors.alpha, self.terms.errors.beta
            ):
                fold(self.goals, lesson)
                remember(self.experience, lesson)
                yield lesson

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
        if self._attendance.hear(host, able):
            self._announce_news()
        for attempt_id, epoch in holding:
            attempt = self._attempt(attempt_id)
            if attempt is not None and attempt.is_live and attempt.epoch == epoch:
                self._renew(attempt)
        news = self._news
        orders = self._orders(host, holding)
        if orders.begin or orders.cease or orders.probe:
            return orders
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await news.wait()
        except TimeoutError:
            pass
        return self._orders(host, holding)

    def _orders(self, host: HostId, holding: tuple[tuple[AttemptId, int], ...]) -> Orders:
        mine = [
            attempt
            for state in self._open()
            for attempt in state.live()
            if attempt.host == host and self._course(state).knows(attempt)
        ]
        current = {(a.attempt_id, a.epoch) for a in mine}
        held = set(holding)
        return Orders(
            begin=tuple(
                lease_of(self.goals[goal_of(attempt.attempt_id)], attempt)
                for attempt in mine
                if (attempt.attempt_id, attempt.epoch) not in held
            ),
            cease=tuple(attempt_id for attempt_id, epoch in held - current),
            paused=frozenset(s.goal.goal_id for s in self._open() if s.paused),
            probe=tuple(
                s.goal for s in self._open() if not self._attendance.has_told(host, s.goal.goal_id)
            ),
        )

    def _attempt(self, attempt_id: AttemptId) -> Attempt | None:
        state = self.goals.get(goal_of(attempt_id))
        return state.attempts.get(attempt_id) if state else None

    async def record(self, command: AgentCommand) -> tuple[str, ...]:
        await self._hear(command)
        if not isinstance(command, RecordStep):
            return ()
        return self.goals[goal_of(command.attempt_id)].guidance[command.held :]

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
