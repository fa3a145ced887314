"""Records as a conversation.

It only grows at its end, so that what a provider has read stays cached. When it becomes too long, the
results and the written files of all but the last turns are shortened at once, and then it grows again:
one expensive turn in many. The opening - the contract, the rules - and notes are never shortened. What
is shortened depends on the records alone, so whoever resumes sends the same words.
"""

from collections.abc import Iterator, Sequence

from swarm.engines.model.record import Record
from swarm.engines.model.trimming import trimmed
from swarm.models.public_api import Block, Call, Result, Text, Thinking, Turn

MOST = 240_000
"""Characters of a conversation, from which on it is shortened: about 60,000 tokens."""

KEPT_TURNS = 8
SHORT = 240
"""Characters that stay of what is shortened."""

_PINNED = frozenset({"note", "ask", "submit", "give_up"})
GO_ON = "Go on with the task: use a tool, or end with submit or give_up."


def turns(
    opening: str,
    records: Sequence[Record],
    said: Sequence[str],
    most: int = MOST,
    kept: int = KEPT_TURNS,
) -> tuple[Turn, ...]:
    """The conversation up to the model's next word."""
    opening, records = since_anew(opening, records)
    floor = shortened_before(opening, records, most, kept)
    told = [_user(Text(text=opening), *_heard(records[0].said if records else said))]
    for at, record in enumerate(records):
        short = at < floor
        told.append(Turn(speaker="model", blocks=tuple(_spoken(record, short=short))))
        last = at + 1 == len(records)
        heard = said if last else records[at + 1].said
        results = tuple(_results(record, short=short))
        others = tuple(_heard(heard))
        if not results:
            others = (Text(text=record.advice or GO_ON), *others)
        told.append(_user(*results, *others))
    return tuple(told)


def since_anew(opening: str, records: Sequence[Record]) -> tuple[str, Sequence[Record]]:
    """What is still talked about: all, or what followed after it was begun anew, which is told first."""
    at = max((at for at, record in enumerate(records) if record.anew), default=-1)
    return (opening, records) if at < 0 else (f"{opening}\n\n{records[at].anew}", records[at + 1 :])


def shortened_before(
    opening: str, records: Sequence[Record], most: int = MOST, kept: int = KEPT_TURNS
) -> int:
    """How many of the first records are shown shortened. After each time there is room to grow again."""
    floor, size, limit = 0, len(opening), most
    sizes = [_size(record, short=False) for record in records]
    for at, added in enumerate(sizes):
        size += added
        wanted = at + 1 - kept
        if size > limit and wanted > floor:
            gone = (sizes[k] - _size(records[k], short=True) for k in range(floor, wanted))
            size -= sum(gone)
            floor, limit = wanted, max(most, size + most // 2)
    return floor


def _size(record: Record, *, short: bool) -> int:
    """Characters, about; each record is measured once whole and at most once short."""
    spoken = sum(_length(block) for block in _spoken(record, short=short))
    return spoken + sum(len(result.text) for result in _results(record, short=short))


def _length(block: Block) -> int:
    match block:
        case Text():
            return len(block.text)
        case Call():
            return sum(len(str(value)) for value in block.arguments.values())
        case Thinking():
            return sum(len(value) for value in block.raw.values())
        case Result():
            return len(block.text)


def _user(*blocks: Block) -> Turn:
    return Turn(speaker="user", blocks=blocks)


def _heard(said: Sequence[str]) -> Iterator[Text]:
    if said:
        yield Text(text="Said meanwhile:\n" + "\n".join(f"- {line}" for line in said))


def _spoken(record: Record, *, short: bool) -> Iterator[Block]:
    for block in record.blocks:
        if short and isinstance(block, Thinking):
            continue
        if short and isinstance(block, Call) and block.name not in _PINNED:
            yield block.model_copy(update={"arguments": _short_arguments(block)})
        else:
            yield block
    if not record.blocks or (short and all(isinstance(b, Thinking) for b in record.blocks)):
        yield Text(text="(nothing)")


def _short_arguments(call: Call) -> dict[str, object]:
    return {
        name: trimmed(value, SHORT) if isinstance(value, str) else value
        for name, value in call.arguments.items()
    }


def _results(record: Record, *, short: bool) -> Iterator[Result]:
    names = {block.id: block.name for block in record.blocks if isinstance(block, Call)}
    for result in record.results:
        if short and names.get(result.call) not in _PINNED:
            yield result.model_copy(update={"text": trimmed(result.text, SHORT)})
        else:
            yield result
