"""A model that looks around and then answers with one call: reviewers and testers, who change nothing.

It has the tools that only look, in a sandbox of its own, for a few turns; then it has to answer. What it
says is a claim; whoever asked checks it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from swarm.domain.errors import SwarmError, Transient
from swarm.engines.model import toolbox
from swarm.engines.model.others import OthersKit
from swarm.engines.model.tools import Bench
from swarm.engines.port import Assignment
from swarm.models.public_api import (
    Answer,
    Ask,
    Call,
    Measured,
    Models,
    Purpose,
    Result,
    Text,
    Tool,
    Turn,
)
from swarm.sandbox.public_api import Sandbox
from swarm.tools.public_api import Kit, Toolset

MOST_TURNS = 8
MAX_TOKENS = 3_000
_GO_ON = "Use a tool, or answer with `{name}`."
_LAST = "This is your last turn: answer with `{name}` now."


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a model is asked, and with which call it has to answer."""

    engine: str
    """Name of a route."""

    purpose: Purpose
    system: str
    opening: str
    answer: Tool
    limit: int
    """Micro-USD for all turns together."""

    tools: Toolset = field(default_factory=Toolset)
    """Others' servers of tools, of which reviewers may use some."""


@dataclass(frozen=True, slots=True)
class Replied:
    """The call that answers; None where there is none, and why."""

    call: Call | None
    cost: int = 0
    model: str = ""
    why: str = ""


async def inquire(
    inquiry: Inquiry,
    models: Models,
    assignment: Assignment,
    sandbox: Sandbox,
    nonces: Callable[[], str],
) -> Replied:
    """Raises Transient when the model may answer later; every other trouble is an answer that is none."""
    bench = Bench(sandbox, assignment, nonces)
    async with inquiry.tools.opened("reviewer", sandbox) as foreign:
        others = OthersKit(bench, foreign)
        return await _inquired(_Talk(inquiry, models, bench, others))


async def _inquired(talk: "_Talk") -> Replied:
    inquiry = talk.inquiry
    for left in reversed(range(MOST_TURNS)):
        try:
            answer = await talk.ask()
        except Transient:
            raise
        except SwarmError as error:
            return Replied(None, talk.spent, talk.model, str(error))
        for call in answer.calls:
            if call.name == inquiry.answer.name and not call.broken:
                return Replied(call, talk.spent, talk.model)
        if any(call.name == "give_up" for call in answer.calls):
            return Replied(None, talk.spent, talk.model, "the model gave up")
        if answer.stop == "refusal":
            return Replied(None, talk.spent, talk.model, "the model refused")
        await talk.hear(answer, last=left == 1)
    return Replied(None, talk.spent, talk.model, f"no answer in {MOST_TURNS} turns")


@dataclass(slots=True)
class _Talk:
    inquiry: Inquiry
    models: Models
    bench: Bench
    others: Kit
    turns: list[Turn] = field(init=False)
    spent: int = 0
    model: str = ""
    measured: Measured = field(default_factory=Measured)
    tools: tuple[Tool, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.turns = [_user(Text(text=self.inquiry.opening))]
        looking = (tool for tool in toolbox.offered("reader") if tool.name in toolbox.LOOKING)
        foreign = map(toolbox.told_of, self.others.cards)
        self.tools = (*looking, *foreign, self.inquiry.answer)

    async def ask(self) -> Answer:
        inquiry, contract = self.inquiry, self.bench.assignment.contract
        answer = await self.models.ask(
            Ask(
                engine=inquiry.engine,
                purpose=inquiry.purpose,
                account=contract.task_id,
                cap=inquiry.limit,
                limit=max(inquiry.limit - self.spent, 0),
                system=inquiry.system,
                turns=tuple(self.turns),
                tools=self.tools,
                max_tokens=MAX_TOKENS,
                measured=self.measured,
            )
        )
        self.spent += answer.cost
        self.model = answer.model
        self.measured = Measured(size=answer.size, tokens=answer.usage.input)
        return answer

    async def hear(self, answer: Answer, *, last: bool) -> None:
        """What its calls came to, behind what it said."""
        name = self.inquiry.answer.name
        blocks = answer.blocks or (Text(text="(nothing)"),)
        results = [await self._used(call) for call in answer.calls]
        word = (_LAST if last else _GO_ON).format(name=name)
        told = (Text(text=word),) if last or not results else ()
        self.turns += [Turn(speaker="model", blocks=blocks), _user(*results, *told)]

    async def _used(self, call: Call) -> Result:
        if call.name == self.inquiry.answer.name:
            return Result(call=call.id, text=f"nothing was heard: {call.broken}", failed=True)
        if call.name not in {tool.name for tool in self.tools}:
            known = ", ".join(tool.name for tool in self.tools)
            return Result(call=call.id, text=f"there are only {known}", failed=True)
        return await toolbox.use((toolbox.OwnKit(self.bench, "reader"), self.others), call)


def _user(*blocks: Text | Result) -> Turn:
    return Turn(speaker="user", blocks=blocks)
