"""The loop, behind the engine's port: ask, do, keep, until there is an end."""

import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

from swarm.domain.bids import Curve
from swarm.domain.errors import Exhausted, Lacking, NeedsHuman, Rejected
from swarm.engines.context.scanning import Shelf
from swarm.engines.model import offers, telling
from swarm.engines.model.others import OthersKit
from swarm.engines.model.room import Room
from swarm.engines.model.session import MOST_STEPS, Session, unpacked
from swarm.engines.model.tools import Bench
from swarm.engines.port import (
    Assignment,
    Done,
    GaveUp,
    Item,
    Needs,
    Question,
    Split,
    Submission,
)
from swarm.models.public_api import Models, RouteView
from swarm.sandbox.public_api import Sandbox
from swarm.tools.public_api import Toolset

NO_TOOLS = Toolset()


def new_nonce() -> str:
    return secrets.token_hex(16)


class ModelEngine:
    """Implements Engine with one route of the gateway."""

    def __init__(
        self,
        view: RouteView,
        models: Models,
        *,
        tools: Toolset = NO_TOOLS,
        nonces: Callable[[], str] = new_nonce,
    ) -> None:
        """`tools`: others' servers of tools, of which writers may use some."""
        self.strategy = view.name
        self.family = f"model:{view.model}"
        """Engines that ask the same model fail together."""

        self._view = view
        self._models = models
        self._tools = tools
        self._nonces = nonces
        self._shelf = Shelf()
        foreign = sum(len(server.tools_of("writer")) for server in tools.of("writer"))
        self._room = Room(view.model, view.window, foreign)

    @property
    def needs(self) -> Needs:
        """What those servers need to be shown."""
        return Needs(readonly=self._tools.shows("writer"))

    def curves(self) -> tuple[Curve, ...]:
        return (offers.curve(self._view.price, self._room.declines()),)

    async def work(
        self,
        assignment: Assignment,
        sandbox: Sandbox,
        done: tuple[Done, ...],
        guidance: Callable[[], tuple[str, ...]],
        budget: int,
    ) -> AsyncIterator[Item]:
        shelf = None if done else self._shelf
        bench = Bench(sandbox, assignment, self._nonces, shelf=shelf)
        records = unpacked([step.result for step in done])
        if records:
            bench.shell = records[-1].shell
        async with self._tools.opened("writer", sandbox) as foreign:
            session = Session(
                self._view.name,
                self._models,
                bench,
                records,
                budget,
                others=OthersKit(bench, foreign),
                room=self._room,
                unused=foreign.kept_out,
            )
            async with aclosing(self._worked(session, guidance)) as items:
                async for item in items:
                    yield item

    async def _worked(
        self, session: Session, guidance: Callable[[], tuple[str, ...]]
    ) -> AsyncGenerator[Item, None]:
        told = await self._taken_up(session, guidance)
        await session.begin()
        while True:
            if session.health == "stop" and session.may_begin_anew:
                yield await session.begin_anew()
            if (end := await self._end(session)) is not None:
                yield end
                return
            try:
                step = await session.turn((*told, *guidance()))
                told = ()
            except (Exhausted, Rejected, NeedsHuman, Lacking) as error:
                yield GaveUp(f"{error}. {error.advice}".strip(" ."))
                return
            yield step

    async def _taken_up(
        self, session: Session, guidance: Callable[[], tuple[str, ...]]
    ) -> tuple[str, ...]:
        """What the model has to be told after an end that was none: an answer, or a refusal."""
        wish = session.records[-1].wish if session.records else None
        told: tuple[str, ...] = ()
        if wish is not None and wish.kind == "ask":
            told = guidance()
        elif wish is not None and wish.kind == "submit":
            assignment = session.bench.assignment
            if await session.bench.changes() in assignment.refused:
                told = (telling.sent_back(assignment.findings) or "your submission was refused",)
        if told:
            session.go_on()
        return told

    async def _end(self, session: Session) -> Submission | Question | Split | GaveUp | None:
        if not session.records:
            return None
        wish = session.records[-1].wish
        if wish is None:
            return _stopped(session)
        changes = await session.bench.changes()
        match wish.kind:
            case "submit":
                return Submission(changes, wish.title, wish.text)
            case "ask":
                return Question(wish.text)
            case "split":
                return Split(wish.parts, wish.text)
            case "give-up":
                return GaveUp(wish.text)


def _stopped(session: Session) -> GaveUp | None:
    """The end that comes from outside of the model."""
    if session.health == "stop":
        return GaveUp("nothing happened any more: the same steps with the same results")
    if len(session.records) >= MOST_STEPS:
        return GaveUp(f"not done after {MOST_STEPS} steps")
    return None
