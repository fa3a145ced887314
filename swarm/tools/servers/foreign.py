"""The kit of all servers that one role may use, in one sandbox.

What is offered is settled when it is opened: what a role's list names, a person approved, and still says
of itself what it said then. Later a tool can only be taken out of use: when its server says that its
tools are others now, and when it had to be started again, what it says is compared anew.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from swarm.domain.errors import Rejected
from swarm.sandbox.public_api import Sandbox
from swarm.settings.public_api import ToolRole, ToolServer
from swarm.tools.kit import Told, ToolCard
from swarm.tools.servers.approvals import Approvals
from swarm.tools.servers.bucket import Bucket
from swarm.tools.servers.reading import Offered, offered, result
from swarm.tools.servers.talk import Broken, Declined, Talk

MOST_STARTS = 3
"""So often a server is started for one agent at one task."""

MOST_ARGUMENTS = 64 << 10
ENVIRONMENT = {"CI": "true", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True, slots=True)
class Toolset:
    """Which servers there are, and what was approved of them: all that a host needs to know."""

    servers: tuple[ToolServer, ...] = ()
    approvals: Approvals = field(default_factory=dict)

    def of(self, role: ToolRole) -> tuple[ToolServer, ...]:
        return tuple(server for server in self.servers if server.tools_of(role))

    def shows(self, role: ToolRole) -> tuple[Path, ...]:
        """What sandboxes have to show for them; what is not on this machine fails its server alone."""
        paths = dict.fromkeys(path for server in self.of(role) for path in server.shows)
        return tuple(path for path in paths if path.exists())

    @asynccontextmanager
    async def opened(
        self, role: ToolRole, sandbox: Sandbox, clock: Callable[[], float] = time.monotonic
    ) -> AsyncIterator["ForeignKit"]:
        """With their servers running in the sandbox; they end with it. `clock`: monotonic seconds."""
        lines = [_Line(server, role, self.approvals, sandbox) for server in self.of(role)]
        kit = ForeignKit(lines, clock)
        try:
            for line in lines:
                await line.open()
            yield kit
        finally:
            for line in lines:
                await line.end()


@dataclass(slots=True)
class _Line:
    """One server, and how it fares."""

    server: ToolServer
    role: ToolRole
    approvals: Approvals
    sandbox: Sandbox
    bucket: Bucket = field(init=False)
    cards: dict[str, ToolCard] = field(default_factory=dict)
    """In use, by whole name: as they were approved."""

    kept_out: dict[str, str] = field(default_factory=dict)
    """Out of use, with the reason."""

    _talk: Talk | None = None
    _starts: int = 0

    def __post_init__(self) -> None:
        self.bucket = Bucket(self.server.calls_per_minute)

    async def open(self) -> None:
        try:
            listed = await self._started()
        except (Broken, Declined, Rejected) as error:
            await self.end()
            for name in self._named:
                self.kept_out[name] = f"its server cannot be used: {error}"
            return
        for name in self._named:
            if why := why_not(name, listed, self.approvals):
                self.kept_out[name] = why
            else:
                self.cards[name] = listed.cards[name.removeprefix(f"{self.server.name}__")]

    async def end(self) -> None:
        if self._talk is not None:
            talk, self._talk = self._talk, None
            await talk.end()

    async def call(self, name: str, arguments: Mapping[str, object]) -> Told:
        try:
            talk = await self._ready()
            if name not in self.cards:
                return Told(f"{name} is out of use: {self.kept_out[name]}", failed=True)
            asked = {"name": name.removeprefix(f"{self.server.name}__"), "arguments": arguments}
            told = result(await talk.ask("tools/call", asked, self.server.seconds))
            if talk.changed:
                self._compare(await self._listed(talk))
        except Declined as error:
            return Told(f"{name} refused: {error}", failed=True)
        except (Broken, Rejected) as error:
            await self.end()
            return Told(f"{name}: {error}; its server was ended", failed=True)
        return told

    @property
    def _named(self) -> tuple[str, ...]:
        tools = self.server.tools_of(self.role)
        return tuple(dict.fromkeys(f"{self.server.name}__{tool}" for tool in tools))

    async def _ready(self) -> Talk:
        """Started again where it had ended: sandboxes that go back to an earlier state end it too."""
        if self._talk is None:
            self._compare(await self._started())
        assert self._talk is not None
        return self._talk

    async def _started(self) -> Offered:
        if self._starts >= MOST_STARTS:
            raise Broken(f"it was started {MOST_STARTS} times")
        self._starts += 1
        process = await self.sandbox.spawn(self.server.command, env=ENVIRONMENT)
        self._talk = Talk(self.sandbox, process)
        await self._talk.begin()
        return await self._listed(self._talk)

    async def _listed(self, talk: Talk) -> Offered:
        return offered(self.server.name, await talk.tools(self.server.seconds))

    def _compare(self, listed: Offered) -> None:
        """What is not as it was approved is out of use from now on."""
        for name in tuple(self.cards):
            if why := why_not(name, listed, self.approvals):
                self.kept_out[name] = why
                del self.cards[name]


def why_not(name: str, listed: Offered, approvals: Approvals) -> str:
    """Why a tool is not used; empty when it is. `name`: the whole one."""
    server, _, own = name.partition("__")
    if own in listed.strange:
        return listed.strange[own]
    if own not in listed.cards:
        return "its server has no such tool"
    if name not in approvals:
        return f"nobody has approved it; look at it with: swarm tools approve {server}"
    if approvals[name].digest != listed.cards[own].digest:
        return (
            "what it says of itself is not what was approved; compare, and approve it anew:"
            f" swarm tools approve {server}"
        )
    return ""


@dataclass(slots=True)
class ForeignKit:
    """Implements Kit. Opened by `Toolset.opened`."""

    _lines: list[_Line]
    _clock: Callable[[], float]

    @property
    def cards(self) -> tuple[ToolCard, ...]:
        return tuple(card for line in self._lines for card in line.cards.values())

    @property
    def kept_out(self) -> tuple[str, ...]:
        """For people: what is out of use, and why."""
        return tuple(_told(self._lines))

    async def call(self, name: str, arguments: Mapping[str, object]) -> Told:
        line = next((each for each in self._lines if name in {*each.cards, *each.kept_out}), None)
        if line is None:
            return Told(f"there is no tool {name[:60]}", failed=True)
        if len(json.dumps(arguments, default=str)) > MOST_ARGUMENTS:
            return Told(f"arguments are at most {MOST_ARGUMENTS >> 10} KiB", failed=True)
        if (seconds := line.bucket.wait(self._clock())) > 0:
            limit = f"{line.server.calls_per_minute} calls a minute"
            return Told(
                f"{limit} are allowed; the next in {seconds:.0f} s. Go on without.", failed=True
            )
        return await line.call(name, arguments)


def _told(lines: list[_Line]) -> Iterator[str]:
    for line in lines:
        for name, why in line.kept_out.items():
            yield f"{name}: {why}"
