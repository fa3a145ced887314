"""One contract, one sandbox, and what was said so far: does one turn at a time."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from swarm.domain.changes import Changes
from swarm.domain.errors import Exhausted
from swarm.domain.names import Digest
from swarm.engines.context import guides
from swarm.engines.context.drawing import drawn
from swarm.engines.context.examples import examples
from swarm.engines.context.ranking import ranked
from swarm.engines.model import stuck, telling, toolbox
from swarm.engines.model.judging import judge, tree_of
from swarm.engines.model.places import Refused
from swarm.engines.model.record import MOST_BYTES, Record
from swarm.engines.model.room import AMPLE, ANSWER, Room
from swarm.engines.model.tools import Bench, List, Read, atlas_of, cpu_cost, list_files, read
from swarm.engines.model.transcript import since_anew, turns
from swarm.engines.port import StepTaken
from swarm.models.public_api import Answer, Ask, Call, Measured, Models, Result, Text, Tool
from swarm.sandbox.public_api import CheckpointRef
from swarm.tools.public_api import Kit

MOST_STEPS = 150
MAP_TOKENS = 2_000
MOST_UNUSED = 250
CPU_MARGIN = 2_000
"""Micro-USD of the budget that are kept for what the turn's commands take."""

_UNFINISHED = {
    "max-tokens": "Your answer was cut off at its limit; make smaller steps.",
    "refusal": "You refused. If the task cannot be done, say why with give_up.",
    "paused": "Go on.",
    "context-full": "The conversation is full; submit or give up now.",
}


@dataclass(slots=True)
class Session:
    engine: str
    models: Models
    bench: Bench
    records: list[Record]
    budget: int
    spent: int = 0
    begun: CheckpointRef | None = None
    """The tree as it was given, where it can be gone back to."""

    others: Kit | None = None
    """Others' tools, if there are any."""

    room: Room = AMPLE
    """What the model's window leaves for the conversation."""

    unused: tuple[str, ...] = ()
    """Which of them are out of use, and why: told once, to people."""

    system: str = field(default_factory=telling.system)
    tools: tuple[Tool, ...] = field(init=False)
    _kits: tuple[Kit, ...] = field(init=False)
    _watch: stuck.Watch = field(init=False)
    """Of what is still talked about."""

    def __post_init__(self) -> None:
        self._watch = stuck.watched(map(stuck.footprint, since_anew("", self.records)[1]))
        others = () if self.others is None else (self.others,)
        foreign = (toolbox.told_of(card) for kit in others for card in kit.cards)
        self.tools = (*toolbox.offered("writer"), *foreign)
        self._kits = (toolbox.OwnKit(self.bench), *others)

    @property
    def tree(self) -> Digest | None:
        return self.records[-1].tree if self.records else None

    def go_on(self) -> None:
        """What the model wished to end with did not end it."""
        self.records[-1] = self.records[-1].model_copy(update={"wish": None, "refusals": 0})

    async def begin(self) -> None:
        """Remember how the tree was given, where that costs nothing."""
        if not self.records and self.bench.sandbox.guarantees.copy_on_write:
            self.begun = await self.bench.sandbox.checkpoint("begun")

    @property
    def may_begin_anew(self) -> bool:
        return self.begun is not None and not any(record.anew for record in self.records)

    async def begin_anew(self) -> StepTaken:
        """Back to the tree as it was given, with another beginning: what did not work is its first word."""
        assert self.begun is not None
        began = time.monotonic()
        await self.bench.sandbox.rollback(self.begun)
        changes = await self.bench.changes()
        told = stuck.lesson(self.records, [_action(record) for record in self.records])
        record = Record(prompt=telling.PROMPT, model="", anew=told, blocks=())
        self.bench.shell, self._watch = record.shell, stuck.Watch()
        self.records.append(record)
        seconds = time.monotonic() - began
        return StepTaken(
            "begin anew: nothing happened any more", _packed(record), 0, seconds, changes
        )

    async def turn(self, said: tuple[str, ...]) -> StepTaken:
        """Ask, do what was asked for, and keep it. Raises what the models raise."""
        began = time.monotonic()
        opening = self.records[0].opening if self.records else await self._opening()
        answer = await self._ask(opening, said)
        self.bench.cpu_seconds, self.bench.may_have_changed = 0.0, False
        record = Record(
            prompt=telling.PROMPT,
            model=answer.model,
            opening="" if self.records else opening,
            said=said,
            blocks=answer.blocks,
            usage=answer.usage,
            size=answer.size,
            shell=self.bench.shell,
            tree=self.tree,
            reviewed=self.records[-1].reviewed if self.records else None,
            refusals=self.records[-1].refusals if self.records else 0,
            unused=self.unused,
        )
        self.unused = ()
        record, changes = await self._done(record, answer)
        self.records.append(record)
        cost = answer.cost + cpu_cost(self.bench)
        self.spent += cost
        seconds = time.monotonic() - began
        return StepTaken(_action(record), _packed(record), cost, seconds, changes)

    async def _opening(self) -> str:
        listing = await list_files(self.bench, List(path=".", depth=3))
        told = {}
        for name in guides.wanted(self.bench.assignment.contract.touch):
            try:
                told[name] = await read(self.bench, Read(path=name, lines=200))
            except Refused:
                continue
        skills = guides.listed(await guides.skills(self.bench.sandbox))
        drawing, tests = await self._map()
        return telling.opening(self.bench.assignment, listing, told, drawing, tests, skills)

    async def _map(self) -> tuple[str, str]:
        """What is defined where, the files first that matter for the task; and tests of those."""
        atlas, contract = await atlas_of(self.bench), self.bench.assignment.contract
        words = " ".join((contract.title, contract.description, *contract.targets, *contract.touch))
        order = ranked(atlas.entries, atlas.links, words)
        map_ = drawn(atlas.entries, order, MAP_TOKENS)
        return map_, examples(atlas.entries, atlas.links, order)

    async def _ask(self, opening: str, said: Sequence[str]) -> Answer:
        contract = self.bench.assignment.contract
        limit = self.budget - self.spent - CPU_MARGIN
        if limit <= 0:
            raise Exhausted(f"the budget of {self.budget} micro-USD is spent")
        last = self.records[-1] if self.records else None
        measured = Measured(size=last.size, tokens=last.usage.input) if last else Measured()
        return await self.models.ask(
            Ask(
                engine=self.engine,
                purpose="work",
                account=contract.task_id,
                cap=contract.budget,
                limit=limit,
                system=self.system,
                turns=turns(opening, self.records, said, self.room.conversation, self.room.kept),
                tools=self.tools,
                max_tokens=ANSWER,
                measured=measured,
            )
        )

    # What was asked for -------------------------------------------------------------------------

    async def _done(self, record: Record, answer: Answer) -> tuple[Record, Changes | None]:
        results: list[Result] = []
        for call in answer.calls:
            if record.wish is not None:
                results.append(Result(call=call.id, text="not done: the work ends", failed=True))
                continue
            self.bench.sign = f"swarm-{call.id}-{len(self.records)}"
            record, result = await self._used(record, call)
            results.append(result)
        changes = await self.bench.changes() if self.bench.may_have_changed else None
        if changes is not None:
            record = record.model_copy(update={"tree": tree_of(changes)})
        record = record.model_copy(update={"results": tuple(results), "shell": self.bench.shell})
        return self._advised(record, answer), changes

    async def _used(self, record: Record, call: Call) -> tuple[Record, Result]:
        if not toolbox.ends(call, "writer"):
            return record, await toolbox.use(self._kits, call)
        try:
            _, asked = toolbox.understood(call.name, call.arguments, "writer")
        except Refused as refusal:
            return record, Result(call=call.id, text=str(refusal), failed=True)
        wish = toolbox.wish_of(asked)
        if wish.kind == "split" and (why := telling.indivisible(self.bench.assignment.contract)):
            return record, Result(call=call.id, text=why, failed=True)
        if wish.kind != "submit":
            return record.model_copy(update={"wish": wish}), Result(call=call.id, text="heard")
        judgement = await judge(self.bench, record.reviewed, record.refusals)
        if judgement.leaves:
            return record.model_copy(update={"wish": wish}), Result(call=call.id, text="submitted")
        update = {"reviewed": judgement.tree, "refusals": record.refusals + 1}
        sent_back = Result(call=call.id, text=judgement.words, failed=True)
        return record.model_copy(update=update), sent_back

    def _advised(self, record: Record, answer: Answer) -> Record:
        """With a word behind the results, where the turn calls for one."""
        advice = _UNFINISHED.get(answer.stop, "")
        self._watch.add(stuck.footprint(record))
        if not advice and record.results and self._watch.health == "hint":
            advice = stuck.HINT
        if not advice:
            return record
        if not record.results:
            return record.model_copy(update={"advice": advice})
        *rest, last = record.results
        told = last.model_copy(update={"text": f"{last.text}\n\n{advice}"})
        return record.model_copy(update={"results": (*rest, told)})

    @property
    def health(self) -> stuck.Health:
        return self._watch.health


def _action(record: Record) -> str:
    """One line for people."""
    texts = [b.text for b in record.blocks if isinstance(b, Text)]
    calls = [b for b in record.blocks if isinstance(b, Call)]
    failed = {result.call for result in record.results if result.failed}
    done = [f"{_brief(call)}{_failed(call) if call.id in failed else ''}" for call in calls]
    line = "; ".join(done) or "said: " + " ".join(texts)
    if record.unused:
        line = f"not in use: {'; '.join(record.unused)[:MOST_UNUSED]}; {line}"
    return " ".join(line.split())[:400] or "said nothing"


def _failed(call: Call) -> str:
    """A submission that does not leave is looked over once more, which is no failure."""
    return " (sent back)" if call.name == "submit" else " (failed)"


def _brief(call: Call) -> str:
    names = ("command", "path", "pattern", "title", "text", "question", "reason", "ids")
    what = next((call.arguments[n] for n in names if call.arguments.get(n)), "")
    told = " ".join(map(str, what)) if isinstance(what, list | tuple) else str(what)
    return f"{call.name} {told}"[:160].rstrip()


def _packed(record: Record) -> bytes:
    """Raises Exhausted when a turn is larger than a step can be."""
    data = record.model_dump_json().encode()
    if len(data) > MOST_BYTES:
        raise Exhausted(f"a turn of {math.ceil(len(data) / 1024)} KiB is more than a step can hold")
    return data


def unpacked(results: Sequence[bytes]) -> list[Record]:
    return [Record.model_validate_json(result) for result in results]
