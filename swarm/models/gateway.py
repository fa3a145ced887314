"""The only holder of keys: reserves, asks, reads within deadlines, settles, remembers.

A call that failed in a way that passes is made again here, a few times, with pauses that grow and
differ. A longer wait that a provider asks for is written down and told to whoever asked: their work
is put off, and nothing is held meanwhile. Nothing of what goes through is interpreted.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from swarm.domain.errors import Exhausted, Rejected, SwarmError
from swarm.domain.names import Digest
from swarm.models.breaker import OPEN_SECONDS, Breaker
from swarm.models.conversation import Answer, Ask
from swarm.models.dialects import DIALECTS, Assembly
from swarm.models.events import EventReader
from swarm.models.ledger import Ledger
from swarm.models.passing import Passed, Passing, bounded, kept_headers
from swarm.models.patience import Patience, Watch
from swarm.models.prices import FREE, Price, Row, cost_of, most_cost, most_tokens, price_of, table
from swarm.models.recordings import Recordings
from swarm.models.routes import Route, RouteView, checked
from swarm.models.trouble import Kind, Trouble, raised
from swarm.models.windows import window_of

if TYPE_CHECKING:
    from swarm.models.transport import Wire

AT_ONCE = 8
"""Calls of one route that are under way at the same time."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 20.0
"""Seconds between two tries: each time up to twice as long, by chance between nothing and that."""

DRAIN_SECONDS, MOST_DRAINED = 0.5, 64 << 10
"""For what comes behind an answer's end."""

_COUNTS_AGAINST: frozenset[Kind] = frozenset(
    {"overloaded", "server-error", "network", "no-first-word", "fell-silent", "garbage"}
)
"""What opens the breaker: the other side is ill, not our request wrong."""


@dataclass(slots=True)
class _Line:
    """One route, and how it fares."""

    route: Route
    price: Price
    window: int
    breaker: Breaker = field(default_factory=Breaker)
    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Time and chance."""

    clock: Callable[[], float] = time.monotonic
    now: Callable[[], int] = lambda: time.time_ns() // 1_000_000
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: random.Random = field(default_factory=random.Random)

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now() / 1000, UTC)


class ModelGateway:
    """Implements `Models`. Raises Rejected and NeedsHuman for routes that cannot be used."""

    def __init__(
        self,
        routes: Sequence[Route],
        folder: Path,
        *,
        patience: Patience | None = None,
        surroundings: Surroundings | None = None,
        rows: Sequence[Row] | None = None,
    ) -> None:
        """`folder`: for the ledger and the recordings, for this gateway alone."""
        self._patience = patience or Patience()
        self._world = surroundings or Surroundings()
        known = table() if rows is None else rows
        self._lines = {
            route.name: _Line(
                checked(route),
                _price(route, self._world.moment.date(), known),
                _window(route, self._world.moment.date()),
            )
            for route in routes
        }
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._ledger = Ledger(folder / "ledger.jsonl")
        self._recordings = Recordings(folder / "answers")
        self._wire: Wire | None = None

    @property
    def views(self) -> tuple[RouteView, ...]:
        return tuple(_view(line.route, line.price, line.window) for line in self._lines.values())

    @property
    def ledger(self) -> Ledger:
        return self._ledger

    def warm_up(self) -> None:
        """Import what the first call needs, before it is made. Blocks; safe in any thread."""
        from swarm.models import transport  # noqa: F401 - it takes half a second

    async def close(self) -> None:
        if self._wire is not None:
            await self._wire.close()
        self._ledger.close()

    async def ask(self, ask: Ask) -> Answer:
        line = self._line(ask.engine)
        body = DIALECTS[line.route.protocol].encode(ask, line.route.model)
        self._demand_fit(line, ask, len(body))
        key = _key(line.route, ask, body)
        if (known := await asyncio.to_thread(self._recordings.find, key)) is not None:
            return known
        async with line.room:
            answer = await self._asked(line, ask, body)
        with suppress(OSError):  # a full disk costs the answer only if we crash now
            await asyncio.to_thread(self._recordings.keep, key, answer)
        return answer

    async def pass_on(self, passing: Passing) -> Passed:
        """For agents that speak a provider's protocol by themselves. Nothing is remembered of it."""
        line = self._line(passing.engine)
        body, most = bounded(passing.body, line.route.model, line.route.protocol)
        ask = Ask(
            engine=passing.engine,
            purpose="work",
            account=passing.account,
            cap=passing.cap,
            limit=passing.limit,
            system="",
            turns=(),
            max_tokens=most,
        )
        self._demand_fit(line, ask, len(body))
        tape = Tape(kept_headers(passing.headers))
        async with line.room:
            answer = await self._asked(line, ask, body, tape)
        usage = answer.usage
        return Passed(
            stream=bytes(tape.heard),
            cost=answer.cost,
            read=usage.input,
            cached=usage.cache_read,
            written=usage.output,
        )

    def _line(self, name: str) -> _Line:
        if name not in self._lines:
            raise Rejected(f"there is no model `{name}` here")
        return self._lines[name]

    def _demand_fit(self, line: _Line, ask: Ask, size: int) -> None:
        tokens = most_tokens(size, ask.measured) if ask.measured.size else size // 4
        if tokens + ask.max_tokens > line.window:
            raise Rejected(
                f"about {tokens} tokens do not fit into the {line.window} of {line.route.model}",
                advice="shorten what is sent",
            )

    # Tries --------------------------------------------------------------------------------------

    async def _asked(
        self, line: _Line, ask: Ask, body: bytes, tape: "Tape | None" = None
    ) -> Answer:
        spent = 0
        for number in range(1, self._patience.tries + 1):
            await self._wait_until_allowed(line)
            try:
                answer = await self._tried(line, ask, body, spent, tape)
            except Trouble as trouble:
                self._note(line, trouble)
                spent += trouble.cost
                if not trouble.passes or number == self._patience.tries:
                    raise self._told(line, trouble) from trouble
                await self._pause(line, trouble, number)
            else:
                line.breaker.succeeded()
                return answer.model_copy(update={"cost": answer.cost + spent})
        raise AssertionError("the last try ends the loop")

    async def _tried(
        self, line: _Line, ask: Ask, body: bytes, spent: int, tape: "Tape | None"
    ) -> Answer:
        """One call, reserved before and settled after, whatever happens."""
        most = most_cost(len(body), ask.max_tokens, ask.measured, line.price)
        if spent + most > ask.limit:
            line.breaker.let_go()
            raise Exhausted(f"a call may cost {most} micro-USD, and {ask.limit - spent} are left")
        number = await asyncio.to_thread(self._ledger.reserve, ask.account, most, ask.cap)
        cost = most
        try:
            answer = await self._read(line, body, tape)
            cost = min(cost_of(answer.usage, line.price), most)
            return answer.model_copy(update={"cost": cost, "size": len(body)})
        except Trouble as trouble:
            cost = most if trouble.billed else 0
            trouble.cost = cost
            raise
        finally:
            self._ledger.settle(number, cost)

    async def _read(self, line: _Line, body: bytes, tape: "Tape | None") -> Answer:
        route, wire = line.route, self._connected()
        watch = Watch(self._patience, self._world.clock())
        dialect = DIALECTS[route.protocol]
        path = dialect.path.format(model=quote(route.model, safe=""))
        url = route.base_url.rstrip("/") + path
        headers = dialect.headers(route.key.get_secret_value())
        assembly = dialect.assembly()
        try:
            async with asyncio.timeout_at(self._moment(watch)) as alarm:
                sent = headers if tape is None else {**tape.headers, **headers}
                async with wire.post(url, sent, body, local=route.is_local) as pieces:
                    heard = pieces if tape is None else tape.over(pieces)
                    await self._stream(heard, assembly, watch, alarm)
        except TimeoutError as error:
            kind = watch.deadline()[1]
            elapsed = self._world.clock() - watch.began
            begun = watch.heard is not None
            raise Trouble(kind, f"{kind} ({elapsed:.0f} s)", billed=begun) from error
        return assembly.answer()

    def _connected(self) -> "Wire":
        """Httpx is imported when the first call is made."""
        if self._wire is None:
            from swarm.models.transport import Wire

            self._wire = Wire(
                connect_seconds=self._patience.connect, now=lambda: self._world.moment
            )
        return self._wire

    async def _stream(
        self,
        pieces: AsyncIterator[bytes],
        assembly: Assembly,
        watch: Watch,
        alarm: asyncio.Timeout,
    ) -> None:
        reader, size = EventReader(), 0
        async for piece in pieces:
            size += len(piece)
            if size > self._patience.bytes:
                raise Trouble("too-much", f"more than {self._patience.bytes} bytes", billed=True)
            for event in reader.feed(piece):
                if assembly.feed(event):
                    watch.heard = self._world.clock()
                    alarm.reschedule(self._moment(watch))
                if assembly.done:
                    await _drained(pieces)
                    return
        raise Trouble("cut-off", "the answer broke off", billed=watch.heard is not None)

    def _moment(self, watch: Watch) -> float:
        """The next deadline, by the loop's clock."""
        left = watch.deadline()[0] - self._world.clock()
        return asyncio.get_running_loop().time() + left

    # Waiting ------------------------------------------------------------------------------------

    async def _wait_until_allowed(self, line: _Line) -> None:
        """Raises Transient when it takes longer than is waited for here."""
        left = (self._ledger.parked.get(line.route.name, 0) - self._world.now()) / 1000
        if left > self._patience.wait:
            wait = timedelta(seconds=left)
            raise self._told(line, Trouble("rate-limited", "it asked us to wait", wait=wait))
        if left > 0:
            await self._world.rest(left)
        if not line.breaker.allows(self._world.clock()):
            wait = timedelta(seconds=OPEN_SECONDS)
            raise self._told(
                line, Trouble("breaker-open", "it failed several times in a row", wait=wait)
            )

    def _note(self, line: _Line, trouble: Trouble) -> None:
        if trouble.kind in _COUNTS_AGAINST:
            line.breaker.failed(self._world.clock())
        else:
            line.breaker.let_go()
        if trouble.wait is not None and trouble.passes:
            until = self._world.now() + int(trouble.wait.total_seconds() * 1000)
            self._ledger.park(line.route.name, until)

    async def _pause(self, line: _Line, trouble: Trouble, number: int) -> None:
        if trouble.wait is not None:
            return  # parked: the next try waits for that
        most = min(FIRST_PAUSE * 2 ** (number - 1), LONGEST_PAUSE)
        await self._world.rest(self._world.chance.uniform(0, most))

    def _told(self, line: _Line, trouble: Trouble) -> SwarmError:
        return raised(trouble, line.route.name)


@dataclass(slots=True)
class Tape:
    """Keeps what an answer's stream was, for whoever reads it again."""

    headers: Mapping[str, str]
    """Sent with the request, besides the gateway's own, which go before."""

    heard: bytearray = field(default_factory=bytearray)

    async def over(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        self.heard.clear()
        async for piece in pieces:
            self.heard += piece
            yield piece


async def _drained(pieces: AsyncIterator[bytes]) -> None:
    """Read the end of the body, so that the connection can be used again; not for long."""
    left = MOST_DRAINED
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for piece in pieces:
                left -= len(piece)
                if left < 0:
                    return


def views(routes: Sequence[Route], on: date) -> tuple[RouteView, ...]:
    """What agents may know of routes, wherever their gateway is. Raises as the gateway does."""
    known = table()
    return tuple(
        _view(checked(route), _price(route, on, known), _window(route, on)) for route in routes
    )


def _view(route: Route, price: Price, window: int) -> RouteView:
    return RouteView(
        name=route.name,
        protocol=route.protocol,
        model=route.model,
        base_url=route.base_url,
        price=price,
        purposes=route.purposes,
        window=window,
    )


def _price(route: Route, on: date, rows: Sequence[Row]) -> Price:
    if route.price is not None:
        return route.price
    return FREE if route.is_local else price_of(_provider(route), route.model, on, rows)


def _window(route: Route, on: date) -> int:
    return route.window or window_of(_provider(route), route.model, on)


def _provider(route: Route) -> str:
    """As the price table calls it."""
    return "openai" if route.protocol == "responses" else route.protocol


def _key(route: Route, ask: Ask, body: bytes) -> Digest:
    """Same words to the same model for the same account are the same question."""
    said = "\0".join((route.protocol, ask.account, ask.purpose, ask.salt))
    return Digest(hashlib.sha256(said.encode() + b"\0" + body).hexdigest())
