"""Whether anything still happens, judged by effects and not by words.

Two measures, one quick and one slow. A turn is idle when the tree is as it was before and nothing was seen that
was not seen yet; the same call in the same tree whose output differs in its numbers alone (times, addresses) saw
nothing new. The same calls with the same results again and again are a loop; many idle turns are one too.

A turn can also be busy and come to nothing: a comment more and the same red test, a window that creeps through a file
by a line, words of one's own printed back. So a turn is barren when no place was changed that had not been changed
before, no check came out as it never had, and hardly a line was shown that was new and not the model's own. Of such
turns it takes many, as slow work has some of them.

What this makes of loops and of healthy work is measured on a corpus of both (`swarm.testing.traces`). First comes a
hint; then the work is begun anew, in the tree as it was given, and what did not work is its first word; then comes the
end, and somebody else may try.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
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

BARREN_HINT, BARREN_STOP = 16, 40
"""So many turns in a row that did something, and came to nothing."""

PIECE = 3
"""So many lines more are a piece of work, wherever they stand."""

ECHO = 6
"""Shorter lines are found in anything that the model says."""

NEW_SHARE = 10
"""One line of so many has to be new for a look to have shown something."""

RECENT = 12
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_VARIES = re.compile(r"0x[0-9a-f]+|\b(?=[a-f]*\d)[0-9a-f]{6,}\b|\d+(?:[.,:]\d+)*")
"""What differs between two runs of one thing: numbers, addresses, digests."""

_MARGIN = re.compile(r"\s*\d+(?:[:|\t]| {1,2})")
"""Of a line that is shown with its number."""

_TALLY = re.compile(
    r"(\d+) (passed|failed|errors?|failures?|tests?|ok|of \d+ pass|passing|failing)\b"
)
_NAME = re.compile(r"[\w.@+-]*[./][\w./@+-]*\w")
"""What looks like a file in a command."""

_WRITING = frozenset({"edit", "write"})
_UNSEEN = frozenset({*_WRITING, "note", "ask", "submit", "split", "give_up"})
"""What these answer shows nothing of the repository."""

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
class Traits:
    """What is told apart of a turn, beside whether it was exactly the same."""

    shown: frozenset[str] = frozenset()
    """Lines that it showed, whatever numbers stood in them."""

    own: frozenset[str] = frozenset()
    """Lines that the model wrote in it: if they are shown again, they tell nothing."""

    places: frozenset[str] = frozenset()
    """What it changed: lines of a file, or a file; of a command, the files that it names."""

    left: frozenset[str] = frozenset()
    """Lines that stand in files because of it."""

    grown: int = 0
    """By how many lines its edits made files longer."""

    checks: bool = False
    """Something was run."""

    tally: frozenset[tuple[str, str]] = frozenset()
    """How many passed and failed, where that was said."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a turn did, and what it showed."""

    did: str
    saw: Digest
    tree: Digest | None
    shape: Digest | None = None
    """Of what it showed, whatever numbers stood in it; None: not told."""

    traits: Traits | None = None
    """None: not told; then any new tree is an effect."""


def footprint(record: Record) -> Footprint:
    calls = [b for b in record.blocks if isinstance(b, Call)]
    did = "\n".join(
        f"{c.name} {sorted((k, str(v)) for k, v in c.arguments.items())}" for c in calls
    )
    results = {result.call: result.text.removesuffix(f"\n\n{HINT}") for result in record.results}
    saw = "\n".join(results.values())
    return seen(did, saw, record.tree, _traits(calls, results))


def seen(did: str, saw: str, tree: Digest | None, traits: Traits | None = None) -> Footprint:
    exact, shape = (
        digest(each.encode("utf-8", "replace")) for each in (saw, _NUMBER.sub("#", saw))
    )
    return Footprint(did, exact, tree, shape, traits)


def _traits(calls: Sequence[Call], results: dict[str, str]) -> Traits:
    told = "\n".join(results.get(c.id, "") for c in calls if c.name not in _UNSEEN)
    ran = any(call.name not in _UNSEEN and call.name not in _LOOKS for call in calls)
    own = "\n".join(_words(call) for call in calls)
    edits = [call for call in calls if call.name == "edit"]
    return Traits(
        shown=frozenset(line for line in _lines(told) if len(line) < ECHO or line not in own),
        own=frozenset(_lines(own)),
        places=frozenset(place for call in calls for place in _places(call)),
        left=frozenset(place for call in calls for place in _left(call)),
        grown=sum(_count(call, "new") - _count(call, "old") for call in edits),
        checks=ran,
        tally=frozenset(_TALLY.findall(told)) if ran else frozenset(),
    )


_LOOKS = frozenset({"read", "search", "symbols", "list"})


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if plain := _VARIES.sub("#", _MARGIN.sub("", line, count=1)).strip():
            yield plain


def _words(call: Call) -> str:
    return "\n".join(value for value in call.arguments.values() if isinstance(value, str))


def _places(call: Call) -> Iterator[str]:
    path = _told(call, "path")
    if call.name == "edit":
        yield from (f"{path}\n{line}" for line in _lines(_told(call, "old")))
    elif call.name == "write":
        yield path
    elif call.name == "run":
        yield from _lines("\n".join(_NAME.findall(_told(call, "command"))))


def _left(call: Call) -> Iterator[str]:
    if call.name in _WRITING:
        text = _told(call, "new") or _told(call, "content")
        yield from (f"{_told(call, 'path')}\n{line}" for line in _lines(text))


def _told(call: Call, name: str) -> str:
    return str(call.arguments.get(name, ""))


def _count(call: Call, name: str) -> int:
    return sum(1 for _ in _lines(_told(call, name)))


@dataclass(slots=True)
class Watch:
    """A trace so far: each turn is looked at once."""

    same: int = 0
    """How often the last turn was done, among the last ones."""

    idle: int = 0
    barren: int = 0
    """Turns at the end of which that can be said."""

    _recent: list[Footprint] = field(default_factory=list)
    _outputs: set[Digest] = field(default_factory=set)
    _shapes: set[tuple[str, Digest | None, Digest]] = field(default_factory=set)
    _trees: set[Digest | None] = field(default_factory=lambda: {None})
    _shown: set[str] = field(default_factory=set)
    _own: set[str] = field(default_factory=set)
    _places: set[str] = field(default_factory=set)
    _outcomes: set[object] = field(default_factory=set)
    _checked: Digest | None = None
    """The tree at the last check."""

    def add(self, turn: Footprint) -> None:
        self._recent = [*self._recent[1 - RECENT :], turn]
        self.same = sum(each == turn for each in self._recent)
        new_tree = turn.tree not in self._trees
        shape = (turn.did, turn.tree, turn.shape or turn.saw)
        shown = turn.saw not in self._outputs and shape not in self._shapes
        self.idle = 0 if turn.did and (shown or new_tree) else self.idle + 1
        self.barren = 0 if turn.did and self._fruitful(turn, new_tree, shown) else self.barren + 1
        self._outputs.add(turn.saw)
        self._shapes.add(shape)
        self._trees.add(turn.tree)

    def _fruitful(self, turn: Footprint, new_tree: bool, shown: bool) -> bool:
        """Whether it came to anything; remembers what it came to."""
        traits = turn.traits
        if traits is None:
            return new_tree or shown
        found = (
            self._elsewhere(traits, new_tree),
            self._other_outcome(traits, turn.tree),
            self._something_new(traits),
        )
        return any(found)

    def _elsewhere(self, traits: Traits, new_tree: bool) -> bool:
        """A place was changed that had not been (most of it: what stands around is named again), or a piece
        was added.
        """
        if not new_tree:
            return False
        new = len(traits.places - self._places)
        more = len(traits.left - self._places)
        self._places |= traits.places | traits.left
        return (0 < len(traits.places) <= 2 * new) or min(more, traits.grown) >= PIECE

    def _other_outcome(self, traits: Traits, tree: Digest | None) -> bool:
        """In another tree, something that was run came out as it never had."""
        if not traits.checks:
            return False
        outcome = (traits.shown - self._own, traits.tally)
        new = outcome not in self._outcomes and tree != self._checked
        self._outcomes.add(outcome)
        self._checked = tree
        return new

    def _something_new(self, traits: Traits) -> bool:
        self._own |= traits.own
        new = len(traits.shown - self._shown - self._own)
        self._shown |= traits.shown
        return new > 0 and NEW_SHARE * new >= len(traits.shown)

    @property
    def health(self) -> Health:
        if (
            (self.same >= SAME_STOP and self.idle >= SAME_HINT)
            or self.idle >= IDLE_STOP
            or self.barren >= BARREN_STOP
        ):
            return "stop"
        hinted = self.same >= SAME_HINT or self.idle >= IDLE_HINT or self.barren >= BARREN_HINT
        return "hint" if hinted else "fine"


def watched(footprints: Iterable[Footprint]) -> Watch:
    watch = Watch()
    for each in footprints:
        watch.add(each)
    return watch


def health(footprints: Sequence[Footprint]) -> Health:
    """Of the whole trace so far."""
    return watched(footprints).health
