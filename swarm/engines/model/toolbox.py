"""Which tools there are, and who may use them.

A tool is a name, words for the model, a form for its arguments, and a function. The schema that the
model sees is made from the form, so that the two cannot differ; arguments that do not fit the form
come back as words and nothing is done.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from swarm.domain.errors import Rejected
from swarm.domain.frozen import Frozen
from swarm.domain.tasks import MOST_PARTS, Part
from swarm.engines.model import tools
from swarm.engines.model.places import Refused
from swarm.engines.model.record import Wish
from swarm.engines.model.tools import Bench
from swarm.engines.model.trimming import trimmed
from swarm.models.public_api import Call, Result, Tool
from swarm.tools.public_api import Kit, Told, ToolCard

Role = Literal["writer", "reader"]
MOST_NOTE = 500
MOST_TOLD = 4_000


class Note(Frozen):
    text: str = Field(max_length=MOST_NOTE, description="One line: a fact, a decision, a dead end.")


class Ask(Frozen):
    question: str = Field(max_length=MOST_TOLD, description="With what you would do by yourself.")


class Submit(Frozen):
    title: str = Field(max_length=120, description="One line for a commit: `Fix page count`.")
    why: str = Field(
        max_length=MOST_TOLD,
        description="What was wrong or missing, what you changed, how it is tested, what is not sure.",
    )


class Split(Frozen):
    reason: str = Field(max_length=MOST_TOLD, description="Why it is too large for one.")
    parts: tuple[Part, ...] = Field(
        min_length=2,
        max_length=MOST_PARTS,
        description="Parts that can be done and tested without each other, in different files.",
    )


class GiveUp(Frozen):
    reason: str = Field(max_length=MOST_TOLD)


@dataclass(frozen=True, slots=True)
class Spec:
    words: str
    form: type[BaseModel]
    act: Callable[[Bench, Any], Awaitable[str]] | None
    """None: it ends the work, and does nothing in the sandbox."""

    roles: frozenset[Role] = frozenset({"writer"})


LOOKING = frozenset({"read", "search", "symbols", "list"})
"""Tools that neither change nor run anything."""

_BOTH: frozenset[Role] = frozenset({"writer", "reader"})


async def _noted(_: Bench, asked: Note) -> str:
    return "noted"


SPECS: Mapping[str, Spec] = {
    "run": Spec("Run a shell command in the repository.", tools.Run, tools.run),
    "read": Spec("Read a file, with line numbers.", tools.Read, tools.read, _BOTH),
    "edit": Spec("Replace exactly one place in a file.", tools.Edit, tools.edit),
    "write": Spec("Make a file, or replace a whole one.", tools.Write, tools.write),
    "search": Spec("Search file contents.", tools.Search, tools.search, _BOTH),
    "symbols": Spec(
        "Where a name is defined, and which files use it, by their imports.",
        tools.Symbols,
        tools.symbols,
        _BOTH,
    ),
    "list": Spec("List files and folders.", tools.List, tools.list_files, _BOTH),
    "test": Spec(
        "Run tests and see outcomes by test id, compared with before your changes.",
        tools.Test,
        tools.test,
        _BOTH,
    ),
    "note": Spec("Keep a fact, a decision or a dead end.", Note, _noted, _BOTH),
    "ask": Spec("Ask the human; the work stops until there is an answer.", Ask, None),
    "submit": Spec("Hand in your changes; they will be tested and reviewed.", Submit, None),
    "split": Spec(
        "Hand the task back in parts, each for somebody else; what you changed is lost.",
        Split,
        None,
    ),
    "give_up": Spec("End without a result, and say why.", GiveUp, None, _BOTH),
}


def offered(role: Role) -> tuple[Tool, ...]:
    """As the model is told of them, in a fixed order."""
    return tuple(
        Tool(name=name, description=spec.words, parameters=schema(spec.form))
        for name, spec in SPECS.items()
        if role in spec.roles
    )


def schema(form: type[BaseModel]) -> dict[str, object]:
    """JSON Schema without what only people need."""
    told = form.model_json_schema()
    told.pop("title", None)
    told.pop("description", None)
    for field in told.get("properties", {}).values():
        field.pop("title", None)
    return told


@dataclass(frozen=True, slots=True)
class OwnKit:
    """Implements Kit with our own tools: those that do something, without those that end the work."""

    bench: Bench
    role: Role = "writer"

    @property
    def cards(self) -> tuple[ToolCard, ...]:
        acting = (tool for tool in offered(self.role) if SPECS[tool.name].act is not None)
        return tuple(ToolCard.model_validate(tool.model_dump()) for tool in acting)

    async def call(self, name: str, arguments: Mapping[str, object]) -> Told:
        """Foreign arguments end here."""
        try:
            spec, asked = understood(name, arguments, self.role)
            assert spec.act is not None
            return Told(await spec.act(self.bench, asked))
        except (Refused, Rejected) as refusal:
            return Told(trimmed(str(refusal)), failed=True)


def told_of(card: ToolCard) -> Tool:
    """As the model is told of it."""
    return Tool(name=card.name, description=card.description, parameters=card.parameters)


async def use(kits: Sequence[Kit], call: Call) -> Result:
    """What came of a call that ends nothing, of whatever kit the tool is; the first also refuses what
    nobody has.
    """
    if call.broken:
        return Result(call=call.id, text=f"nothing was done: {call.broken}", failed=True)
    named = (kit for kit in kits[1:] if any(call.name == card.name for card in kit.cards))
    told = await next(named, kits[0]).call(call.name, call.arguments)
    return Result(call=call.id, text=told.text, failed=told.failed)


def ends(call: Call, role: Role) -> bool:
    spec = SPECS.get(call.name)
    return spec is not None and spec.act is None and role in spec.roles and not call.broken


def understood(name: str, arguments: Mapping[str, object], role: Role) -> tuple[Spec, BaseModel]:
    """Raises Refused for unknown tools, and for arguments that do not fit."""
    spec = SPECS.get(name)
    if spec is None or role not in spec.roles:
        known = ", ".join(name for name, each in SPECS.items() if role in each.roles)
        raise Refused(f"there is no tool {name[:60]!r}; there are {known}")
    try:
        return spec, spec.form.model_validate(arguments)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the arguments"
        raise Refused(f"nothing was done: {where}: {first['msg']}") from error


def wish_of(asked: BaseModel) -> Wish:
    """How a tool that ends the work wants it to end."""
    match asked:
        case Submit():
            title = " ".join(asked.title.split()) or "Change what was asked for"
            return Wish(kind="submit", text=asked.why, title=title)
        case Ask():
            return Wish(kind="ask", text=asked.question)
        case Split():
            return Wish(kind="split", text=asked.reason, parts=asked.parts)
        case GiveUp():
            return Wish(kind="give-up", text=asked.reason)
        case _:
            raise AssertionError(type(asked))
