"""The user's own agent behind the engine's port: a run in the sandbox, its steps, and an end.

The agent is one process that does many steps. After a crash another one is started over the tree as the last
step left it, and told what is done. What people say meanwhile is told when a run has ended, before anything
is submitted.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from swarm.domain.bids import Curve
from swarm.domain.changes import Changes
from swarm.domain.errors import NeedsHuman
from swarm.domain.leavings import worked
from swarm.engines.cli import offers, quota, telling
from swarm.engines.cli.course import Course
from swarm.engines.cli.ends import sentence
from swarm.engines.cli.finding import Found
from swarm.engines.cli.quota import MILLION
from swarm.engines.cli.record import Record
from swarm.engines.cli.relay import Purse
from swarm.engines.cli.room import Room, room_of
from swarm.engines.cli.sightings import Ended, Failed, Window
from swarm.engines.cli.talk import Job, Talk
from swarm.engines.port import Assignment, Done, GaveUp, Item, Needs, StepTaken, Submission
from swarm.models.public_api import Price
from swarm.sandbox.public_api import SPARSELY, Network, Profile, Sandbox, weaknesses

MOST_STEPS = 400
MOST_ROUNDS = 4
"""Runs within one attempt: the first, and those that tell what people said meanwhile."""


class AgentEngine:
    """Implements Engine with a program of the user's."""

    def __init__(
        self,
        found: Found,
        title: str,
        talk: Talk,
        *,
        now: Callable[[], int],
        price: Price = offers.USUAL,
        window: int = 0,
    ) -> None:
        """`now`: seconds since 1970. `price`: of its model's tokens, where that is known. `window`: how many
        of these the model reads at once, where somebody says it.
        """
        self.strategy = found.name
        self.family = f"agent:{found.name}"
        self._found = found
        self._title = title
        self._talk = talk
        self._now = now
        self._price = price
        self._window = window
        self._model = found.model
        self._windows: dict[str, Window] = {}

    @property
    def needs(self) -> Needs:
        hosts = self._found.hosts
        reaches: Profile = "exec+model" if self._found.relayed else "exec"
        return Needs(
            profile="exec+provider" if hosts else reaches,
            network=Network(hosts),
            readonly=tuple(Path(each) for each in self._found.shows),
            reserved=SPARSELY,
        )

    def curves(self) -> tuple[Curve, ...]:
        """Nothing is offered before a closed window opens."""
        if quota.closed_until(self._windows.values(), self._now()):
            return ()
        return (offers.curve(self._price, self._share(), self._room().declines()),)

    def _room(self) -> Room:
        on = datetime.fromtimestamp(self._now(), UTC).date()
        return room_of(self._found.name, self._title, self._model, self._window, on)

    def _share(self) -> int:
        """Parts per million of the list price: what goes through the gateway is paid for."""
        if self._found.relayed:
            return MILLION
        return quota.share(self._windows.values(), self._now())

    async def work(
        self,
        assignment: Assignment,
        sandbox: Sandbox,
        done: tuple[Done, ...],
        guidance: Callable[[], tuple[str, ...]],
        budget: int,
    ) -> AsyncIterator[Item]:
        if (refusal := _unwalled(sandbox)) is not None:
            yield refusal
            return
        told = guidance()
        if (known := await _submitted_before(assignment, sandbox, done, told)) is not None:
            yield known
            return
        course = Course(self._title, sandbox, weaknesses(sandbox.spec), self._share())
        try:
            course.version = await self._talk.prepared(sandbox, self._now())
        except NeedsHuman as error:
            yield GaveUp(f"{error}. {error.advice}".strip(" ."))
            return
        prompt = telling.contract(assignment, done, told)
        for _ in range(MOST_ROUNDS):
            async with aclosing(self._round(course, prompt, assignment, budget)) as steps:  # type: ignore[type-var]
                async for step in steps:
                    done = (*done, Done(len(done) + 1, step.action, step.result))
                    yield step
            if not isinstance(course.end, Ended) or not (told := guidance()):
                break
            resumed = self._talk.resumes and course.session
            prompt = telling.people(told) if resumed else telling.contract(assignment, done, told)
        yield await self._last(course, assignment)

    async def _round(
        self, course: Course, prompt: str, assignment: Assignment, budget: int
    ) -> AsyncIterator[StepTaken]:
        """One run. Left early, the program is ended."""
        contract = assignment.contract
        purse = Purse(contract.task_id, contract.budget, budget - course.spent)
        job = Job(assignment.environment.python, purse)
        run = self._talk.run(course.sandbox, prompt, course.session, job)
        async with aclosing(run) as sightings:  # type: ignore[type-var]
            async for sighting in sightings:
                step = await course.see(sighting)
                self._windows.update(course.windows)
                self._model = course.model or self._model
                if step is not None:
                    yield step
                if course.spent > budget:
                    course.end = Failed("over-budget", f"{course.spent} of {budget} micro-USD")
                    return
                if course.steps >= MOST_STEPS:
                    course.end = Failed("failed", f"not done after {MOST_STEPS} steps")
                    return

    async def _last(self, course: Course, assignment: Assignment) -> Submission | GaveUp:
        match course.end:
            case Ended():
                changes = await course.work_so_far()
                return _submission(assignment, changes, course.end.text, self._title, course)
            case Failed():
                if course.end.kind == "quota":
                    self._note_closed(course.end.text)
                until = quota.closed_until(self._windows.values(), self._now())
                return GaveUp(sentence(self._title, course.end, until))
            case None:
                return GaveUp(f"{self._title} ended without a word")

    def _note_closed(self, words: str) -> None:
        """Where no window says until when it is closed, the agent's words do; else an hour is assumed."""
        now = self._now()
        if not quota.closed_until(self._windows.values(), now):
            until = quota.opens_at(words, now) or now + 3600
            self._windows["assumed"] = Window("assumed", None, until, closed=True)


def _unwalled(sandbox: Sandbox) -> GaveUp | None:
    """With an agent comes a login: it goes where nothing else of the user's is."""
    held = sandbox.guarantees
    if held.own_network and held.hides_host_files:
        return None
    return GaveUp(
        f"an agent with a login of its own is run behind whole walls only, not in mode {sandbox.mode}"
    )


async def _submitted_before(
    assignment: Assignment, sandbox: Sandbox, done: tuple[Done, ...], told: tuple[str, ...]
) -> Submission | None:
    """The agent was done when whoever ran it died; nothing that it did is done again."""
    if not done or told or assignment.refused:
        return None
    record = Record.model_validate_json(done[-1].result)
    changes = worked(await sandbox.diff())
    if not record.finished or not changes:
        return None
    return _worded(assignment, changes, record.said, record)


def _submission(
    assignment: Assignment, changes: Changes, text: str, title: str, course: Course
) -> Submission | GaveUp:
    if not changes:
        return GaveUp(f"{title} changed nothing: {' '.join(text.split())[:400]}".rstrip(": "))
    if changes in assignment.refused:
        return GaveUp(f"{title} came to what was refused before")
    record = Record(agent=title, version=course.version, model=course.model, weaker=course.weaker)
    return _worded(assignment, changes, text, record)


def _worded(assignment: Assignment, changes: Changes, text: str, record: Record) -> Submission:
    """With who wrote it, and what their sandbox did not hold, where a person will read it."""
    title, why = telling.title_and_why(text, assignment.contract.title)
    who = " ".join(part for part in (record.agent, record.version) if part)
    model = f" ({record.model})" if record.model else ""
    weaker = f", in a weaker sandbox: {'; '.join(record.weaker)}" if record.weaker else ""
    return Submission(changes, title, telling.signed(why, f"Written by {who}{model}{weaker}."))
