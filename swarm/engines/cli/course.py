"""One contract, and what its agent was seen to do: sightings become steps.

A step is a tool call that has ended, with the tree as it is then. The last step is the agent's own word that
it is done.
"""

import time
from dataclasses import dataclass, field

from swarm.domain.changes import Changes
from swarm.domain.leavings import worked
from swarm.engines.cli.ends import named
from swarm.engines.cli.offers import USUAL
from swarm.engines.cli.quota import MILLION
from swarm.engines.cli.record import Record
from swarm.engines.cli.sightings import (
    Began,
    Came,
    Ended,
    Failed,
    Said,
    Sighting,
    Spent,
    Tokens,
    Used,
    Window,
    cut,
)
from swarm.engines.port import StepTaken
from swarm.sandbox.public_api import Sandbox

MOST_OUTPUT = 2_000


def list_price(spent: Spent) -> int:
    """In micro-USD; reckoned where the agent tells of tokens and not of money."""
    if spent.micro_usd is not None:
        return spent.micro_usd
    tokens = spent.tokens
    fresh = max(tokens.read - tokens.cached, 0)
    total = fresh * USUAL.input + tokens.cached * USUAL.cache_read + tokens.said * USUAL.output
    return -(-total // MILLION)


@dataclass(slots=True)
class Course:
    agent: str
    sandbox: Sandbox
    weaker: tuple[str, ...]
    share: int
    """Parts per million of the list price that count."""

    version: str = ""
    model: str = ""
    session: str = ""
    spent: int = 0
    steps: int = 0
    end: Ended | Failed | None = None
    windows: dict[str, Window] = field(default_factory=dict)
    _open: dict[str, Used] = field(default_factory=dict)
    _said: str = ""
    _tokens: Tokens = field(default_factory=Tokens)
    _unpaid: int = 0
    _since: float = field(default_factory=time.monotonic)

    async def see(self, sighting: Sighting) -> StepTaken | None:
        """The step that is done by it, if one is."""
        match sighting:
            case Began():
                self.session = sighting.session or self.session
                self.version = sighting.version or self.version
                self.model = sighting.model or self.model
            case Said():
                self._said = sighting.text
            case Used():
                self._open[sighting.call] = sighting
            case Spent():
                self._tokens += sighting.tokens
                self._unpaid += list_price(sighting)
            case Window():
                self.windows[sighting.name] = sighting
            case Came():
                return await self._called(sighting)
            case Ended():
                self.end = sighting
                return await self._finished(sighting)
            case Failed():
                self.end = named(sighting)
                return self._paid_off()
        return None

    async def work_so_far(self) -> Changes:
        return worked(await self.sandbox.diff())

    async def _called(self, came: Came) -> StepTaken:
        used = self._open.pop(came.call, None) or Used(came.call, "tool")
        record = self._record(
            tool=used.tool, about=used.about, output=cut(came.text, MOST_OUTPUT), failed=came.failed
        )
        action = f"{used.tool} {used.about}".strip() + (" (failed)" if came.failed else "")
        return self._step(action, record, await self.work_so_far() if used.writes else None)

    async def _finished(self, ended: Ended) -> StepTaken:
        self._said = ended.text or self._said
        record = self._record(finished=True)
        who = " ".join(part for part in (self.agent, self.version, self.model) if part)
        return self._step(f"{who} is done", record, await self.work_so_far())

    def _paid_off(self) -> StepTaken | None:
        """What a run that failed has cost is not lost."""
        if not self._unpaid and not self._tokens.said:
            return None
        return self._step(f"{self.agent} ended without a result", self._record(failed=True), None)

    def _record(self, **fields: object) -> Record:
        told: dict[str, object] = {
            "agent": self.agent,
            "version": self.version,
            "model": self.model,
            "said": self._said,
            "read": self._tokens.read,
            "cached": self._tokens.cached,
            "written": self._tokens.said,
            "list_price": self._unpaid,
            "weaker": self.weaker,
        }
        return Record.model_validate(told | fields)

    def _step(self, action: str, record: Record, changes: Changes | None) -> StepTaken:
        cost = -(-self._unpaid * self.share // MILLION)
        now = time.monotonic()
        step = StepTaken(
            action, record.model_dump_json().encode(), cost, now - self._since, changes
        )
        self.spent += cost
        self.steps += 1
        self._said, self._tokens, self._unpaid, self._since = "", Tokens(), 0, now
        return step
