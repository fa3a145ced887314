"""Whether anything still happens, judged by effects and not by words.

A turn has an effect when the tree is as it never was before, or when it saw something that was not seen
yet; the same call in the same tree whose output differs in its numbers alone (times, addresses) saw nothing
new. The same calls with the same results again and again are a loop; many turns without any effect are one
too, only longer. What this makes of loops and of healthy work is measured on a corpus of both
(`swarm.testing.traces`). First comes a hint; then the work is
begun anew, in the tree as it was given, and what did not work is its first word; then comes the end, and
somebody else may try.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from swarm.domain.canonical import digest
from swarm.domain.names import Digest
from swarm.engines.model.record import Record
from swarm.models.public_api import Call

Health = Literal["fine", "hint", "stop"]

SAME_HINT, SAME_STOP = 3, 6
"""The same turn so many times among the last dozen; to end there, the last few had no effect either."""

IDLE_HINT, IDLE_STOP = 6, 14
"""So many turns in a row without any effect."""

RECENT = 12
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
HINT = (
    "You have done this before, with the same result. Do something else: look at another place, test"
    " your assumption, or say with give_up why it cannot be done."
)


TRIED = 6
"""So many of the last things that were done are told to whoever begins anew."""

ANEW = (
    "# You have tried this before and got nowhere\nYour changes are gone; the tree is as it was given. What"
    " you did last, in vain:\n{tried}{notes}\nTake another way: another place, another cause, another means."
)


def lesson(records: Sequence[Record], actions: Sequence[str]) -> str:
    """What is told of the first try at the beginning of the second. `actions`: of its turns."""
    tried = "\n".join(dict.fromkeys(f"- {action[:200]}" for action in actions[-TRIED:]))
    noted = [
        str(block.arguments.get("text", ""))
        for record in records
        for block in record.blocks
        if isinstance(block, Call) and block.name == "note"
    ]
    notes = "".join(f"\n- {text[:500]}" for text in noted)
    return ANEW.format(tried=tried, notes=f"\nYour notes:{notes}" if notes else "")


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a turn did, and what it showed."""

    did: str
    saw: Digest
    tree: Digest | None
    shape: Digest | None = None
    """Of what it showed, whatever numbers stood in it; None: not told."""


def footprint(record: Record) -> Footprint:
    calls = [b for b in record.blocks if isinstance(b, Call)]
    did = "\n".join(
        f"{c.name} {sorted((k, str(v)) for k, v in c.arguments.items())}" for c in calls
    )
    saw = "\n".join(result.text for result in record.results)
    return seen(did, saw, record.tree)


def seen(did: str, saw: str, tree: Digest | None) -> Footprint:
    exact, shape = (
        digest(each.encode("utf-8", "replace")) for each in (saw, _NUMBER.sub("#", saw))
    )
    return Footprint(did, exact, tree, shape)


def health(footprints: Sequence[Footprint]) -> Health:
    """Of the whole trace so far."""
    recent = footprints[-RECENT:]
    same = sum(each == footprints[-1] for each in recent) if footprints else 0
    idle = _idle(footprints)
    if (same >= SAME_STOP and idle >= SAME_HINT) or idle >= IDLE_STOP:
        return "stop"
    return "hint" if same >= SAME_HINT or idle >= IDLE_HINT else "fine"


def _idle(footprints: Sequence[Footprint]) -> int:
    """Turns at the end that neither brought the tree to a new state nor saw anything new."""
    outputs: set[Digest] = set()
    shapes: set[tuple[str, Digest | None, Digest]] = set()
    trees: set[Digest | None] = {None}
    idle = 0
    for each in footprints:
        shape = (each.did, each.tree, each.shape or each.saw)
        shown = each.saw not in outputs and shape not in shapes
        idle = 0 if each.did and (shown or each.tree not in trees) else idle + 1
        outputs.add(each.saw)
        shapes.add(shape)
        trees.add(each.tree)
    return idle
