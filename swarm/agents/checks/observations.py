"""What passing tests observe of changed functions, before and after. Pure.

Only what came out the same twice on the base can be compared. A call that a target makes as well is
meant to change.

A passing test that still passes with another value has not asserted it, so the value alone proves
nothing: where the failing tests call the same function, its answers are in doubt as a whole, and the
right repair may well change more of them than the failing tests name. What blocks is a change that
the failing tests give no reason for: of a function that none of them calls, or into another kind of
answer (an error for a value, a list for a number) that none of them shows. Everything else is noted:
the values that changed, another attribute of a result, and another answer next door, for inputs that
no test gives. A change that no failing test asks for, and no new one of its own, is to leave the answers
next door as they are: then those block as well. The figures behind these rules are in docs/checking.md.
"""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from pydantic import TypeAdapter, ValidationError

from swarm.domain.errors import Rejected
from swarm.domain.names import TestId
from swarm.domain.tasks import Finding

Callee = tuple[str, str, str]
"""Path, qualified name, arguments as they were written down."""

MOST_FINDINGS = 10
"""Of each kind; a changed helper may be seen a thousand times."""

MOST_SORTED = 400
MOST_COMPARED = 50
"""Changed answers that are put in order, and calls that each of them is compared with."""

_CALLS = TypeAdapter(list[tuple[str, str, str, str, str]])
_NEXT = TypeAdapter(list[tuple[str, str, str, bool]])
_NAME = TypeAdapter(tuple[str, str])
_REACHED = TypeAdapter(list[tuple[str, int]])
_SEEDS = TypeAdapter(list[tuple[str, str, str]])


@dataclass(frozen=True, slots=True)
class Again:
    """A call next door, or one of a test's own made again."""

    answer: str
    origin: str = ""
    """The arguments that it is a mutation of; empty for a test's own."""

    asked: bool = False
    """A failing test called it with those."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One run: what each call of each test came to, strictly and widely, in order."""

    calls: Mapping[tuple[TestId, Callee], tuple[tuple[str, str], ...]] = field(default_factory=dict)
    nearby: Mapping[Callee, str] = field(default_factory=dict)
    again: Mapping[Callee, Again] = field(default_factory=dict)
    """With the calls next door, those that tests made."""

    reached: frozenset[tuple[str, int]] = frozenset()
    """Path and first line of the watched statements that were executed."""

    seeds: tuple[Callee, ...] = ()
    """What next door begins with."""

    @property
    def tests(self) -> frozenset[TestId]:
        return frozenset(test for test, _ in self.calls)

    @property
    def functions(self) -> frozenset[tuple[str, str]]:
        return frozenset((path, name) for _, (path, name, _) in self.calls)


def read(extra: Sequence[object]) -> Observed:
    """Raises Rejected when what was recorded is not what our recorder writes."""
    calls: dict[tuple[TestId, Callee], list[tuple[str, str]]] = {}
    again: dict[Callee, Again] = {}
    reached: frozenset[tuple[str, int]] = frozenset()
    seeds: tuple[Callee, ...] = ()
    try:
        for event in extra:
            assert isinstance(event, dict)
            if "test" in event:
                for path, name, arguments, strict, wide in _CALLS.validate_python(event["calls"]):
                    key = (TestId(str(event["test"])), (path, name, arguments))
                    calls.setdefault(key, []).append((strict, wide))
            elif "reached" in event:
                reached |= frozenset(_REACHED.validate_python(event["reached"]))
            elif "seeds" in event:
                seeds = (*seeds, *_SEEDS.validate_python(event["seeds"]))
            else:
                path, name = _NAME.validate_python(event["next"])
                for arguments, answer, origin, asked in _NEXT.validate_python(event["calls"]):
                    again[path, name, arguments] = Again(answer, origin, asked)
    except (ValidationError, KeyError, AssertionError) as error:
        raise Rejected(f"the recording is not ours: {error}") from error
    told = {key: tuple(results) for key, results in calls.items()}
    nearby = {_called(callee): e.answer for callee, e in again.items() if e.origin}
    return Observed(told, nearby, again, reached, seeds)


def _called(callee: Callee) -> Callee:
    """A call next door, its arguments written as those of a test's own call: without the tuple's signs."""
    return (*callee[:2], callee[2][1:-1].removesuffix(","))


def differences(
    first: Observed,
    second: Observed,
    after: Observed,
    *,
    passing: Collection[TestId],
    targets: Collection[TestId],
    spoken: Collection[str] = (),
) -> tuple[Finding, ...]:
    """`first` and `second` are of the base; `spoken` are names that the change's own tests hold."""
    meant = {
        callee for run in (first, after) for test, callee in run.calls if test in targets
    }  # fmt: skip
    doubted = _doubted(first, after, targets)
    changed: dict[Callee, Finding] = {}
    allowed: dict[Callee, Finding] = {}
    wider: dict[Callee, Finding] = {}
    for key in sorted(first.calls):
        test, callee = key
        before, now = first.calls[key], after.calls.get(key)
        steady = second.calls.get(key) == before
        if test not in passing or callee in meant or not steady or now in {None, before}:
            continue
        assert now is not None
        if _turns(before, now) - doubted.get(callee[:2], frozenset()):
            changed.setdefault(callee, _changed(test, callee, before, now, blocks=True))
        elif _strict(now) != _strict(before):
            allowed.setdefault(callee, _changed(test, callee, before, now, blocks=False))
        else:
            wider.setdefault(callee, _wider(test, callee))
    return (
        *_capped(list(changed.values()), "behaviour-changed", blocks=True),
        *_capped(list(allowed.values()), "unasserted", blocks=False),
        *_capped(list(wider.values()), "attributes-changed", blocks=False),
        *_next_door(first, second, after, meant, targets, spoken),
    )


LEAST_NEXT_DOOR, FEW = 6, 8
"""So many answers next door say something; and where not one of eight is another, few are."""


def answers_only(first: Observed, second: Observed, after: Observed) -> tuple[Finding, ...]:
    """What failing tests give in is answered anew, and nothing next door of it: as code does that knows them.

    A bound that is moved by one does the same, so this alone proves nothing; a person is asked.
    """
    steady = {c: e for c, e in first.again.items() if second.again.get(c) == e and c in after.again}
    moved = {c for c, e in steady.items() if e.answer != after.again[c].answer}
    mended = {c for c in moved if steady[c].asked and not steady[c].origin}
    beside = [
        callee
        for callee, each in steady.items()
        if (*callee[:2], each.origin) in mended and _is_live(each, after.again[callee])
    ]
    others = sum(callee in moved for callee in beside)
    if len(beside) < LEAST_NEXT_DOOR or others * FEW > len(beside):
        return ()
    callee = min(mended)
    message = (
        f"of {len(beside)} inputs like those of the failing tests {others or 'none'} "
        f"{'are' if others > 1 else 'is'} answered otherwise than before: it may know the tests by heart"
    )
    return (Finding(rule="unsure.only-the-tests", message=message, path=callee[0], blocks=False),)


def _is_live(was: Again, now: Again) -> bool:
    """An input that is an error on both sides, or nothing on both, is not like the tests'."""
    return not all(e.answer == "None" or e.answer.startswith("raises ") for e in (was, now))


Turn = tuple[str, str]
"""The kind of an answer before and after; `SAME` where only the value is another."""

SAME: Turn = ("", "")


def _doubted(
    first: Observed, after: Observed, targets: Collection[TestId]
) -> dict[tuple[str, str], frozenset[Turn]]:
    """What the failing tests give reason for, by function: another value, and the turns they show."""
    found: dict[tuple[str, str], frozenset[Turn]] = {}
    for run in (first, after):
        for test, callee in run.calls:
            if test in targets:
                was, now = first.calls.get((test, callee), ()), after.calls.get((test, callee), ())
                known = found.get(callee[:2], frozenset({SAME}))
                found[callee[:2]] = known | _turns(was, now)
    return found


def _turns(before: Sequence[tuple[str, str]], now: Sequence[tuple[str, str]]) -> frozenset[Turn]:
    """How the answers differ, in the order they came; nothing where they are the same."""
    turns = set() if len(before) == len(now) else {SAME}
    for was, is_now in zip(_strict(before), _strict(now), strict=False):
        if was != is_now:
            kinds = kind(was), kind(is_now)
            turns.add(SAME if kinds[0] == kinds[1] else kinds)
    return frozenset(turns)


def kind(answer: str) -> str:
    """`int`, `list`, `<Page>`, `raises KeyError`: what sort of answer was written down."""
    if answer.startswith("raises "):
        return answer
    first = answer.split("; ", 1)[0]
    try:
        return type(ast.literal_eval(first)).__name__
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        # Shortened by its hash, or of a class of the repository's: `<Page ...>`, `date(...)`.
        return (
            _HEAD[first[0]] if first[:1] in _HEAD else first.split(" ")[0].split("(")[0].strip("<>")
        )


_HEAD = {"[": "list", "{": "dict", "'": "str", '"': "str", "(": "tuple"}


def _strict(results: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(strict for strict, _ in results)


def _changed(
    test: TestId,
    callee: Callee,
    before: tuple[tuple[str, str], ...],
    now: tuple[tuple[str, str], ...],
    *,
    blocks: bool,
) -> Finding:
    was, is_now = _first_different(_strict(before), _strict(now))
    why = "no failing test asks for that" if blocks else "it passes with both"
    return Finding(
        rule="behaviour-changed" if blocks else "unasserted",
        message=f"{_call(callee)} gave {was}; now {is_now}. A passing test sees it, and {why}",
        path=callee[0],
        test=test,
        blocks=blocks,
    )


def _first_different(before: Sequence[str], now: Sequence[str]) -> tuple[str, str]:
    for was, is_now in zip(before, now, strict=False):
        if was != is_now:
            return was, is_now
    return f"{len(before)} results", f"{len(now)} results"


def _wider(test: TestId, callee: Callee) -> Finding:
    return Finding(
        rule="attributes-changed",
        message=f"{_call(callee)} gives an object with other attributes",
        path=callee[0],
        test=test,
        blocks=False,
    )


def _next_door(
    first: Observed,
    second: Observed,
    after: Observed,
    meant: Collection[Callee],
    targets: Collection[TestId],
    spoken: Collection[str],
) -> tuple[Finding, ...]:
    """Where no failing test asks for the change, and none of its own, answers next door stay."""
    found = _strangest_first(list(_neighbours(first, second, after, meant)), meant)
    silent = [] if targets else [each for each in found if _is_news(*each, spoken)]
    blocking = [_neighbour(*each, blocks=True) for each in silent]
    noted = [_neighbour(*each, blocks=False) for each in found if each not in silent]
    return (
        *_capped(blocking, "unasked-change", blocks=True),
        *_capped(noted, "neighbour", blocks=False),
    )


def _strangest_first(
    found: list[tuple[Callee, str, str]], meant: Collection[Callee]
) -> list[tuple[Callee, str, str]]:
    """Of many only some are told: those first that are least like the calls that were to change."""
    asked: dict[tuple[str, str], list[str]] = {}
    for path, name, arguments in sorted(meant):
        asked.setdefault((path, name), []).append(arguments)

    def likeness(each: tuple[Callee, str, str]) -> float:
        path, name, arguments = each[0]
        others = asked.get((path, name), [])[:MOST_COMPARED]
        ratios = (SequenceMatcher(None, arguments, other).ratio() for other in others)
        return max(ratios, default=0.0)

    return sorted(found[:MOST_SORTED], key=likeness) + found[MOST_SORTED:]


def _is_news(callee: Callee, was: str, is_now: str, spoken: Collection[str]) -> bool:
    """One error for another says that the input is wrong, before and after."""
    both_raise = was.startswith("raises ") and is_now.startswith("raises ")
    return not both_raise and not set(callee[1].split(".")) & set(spoken)


def _neighbours(
    first: Observed, second: Observed, after: Observed, meant: Collection[Callee]
) -> Iterator[tuple[Callee, str, str]]:
    for callee in sorted(first.nearby):
        was, is_now = first.nearby[callee], after.nearby.get(callee)
        steady = second.nearby.get(callee) == was
        if steady and is_now is not None and is_now != was and callee not in meant:
            yield callee, was, is_now


def _neighbour(callee: Callee, was: str, is_now: str, *, blocks: bool) -> Finding:
    return Finding(
        rule="unasked-change" if blocks else "neighbour",
        message=f"{_call(callee)} gave {was}; now {is_now}. No test asks for it",
        path=callee[0],
        blocks=blocks,
    )


def _call(callee: Callee) -> str:
    return f"`{callee[1]}({callee[2]})`"


def _capped(findings: list[Finding], rule: str, *, blocks: bool) -> list[Finding]:
    if len(findings) <= MOST_FINDINGS:
        return findings
    rest = len(findings) - MOST_FINDINGS
    more = Finding(rule=rule, message=f"and {rest} more like these", blocks=blocks)
    return [*findings[:MOST_FINDINGS], more]
