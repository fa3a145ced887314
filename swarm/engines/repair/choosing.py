"""Which plausible patch comes first, and what is said about the one that is submitted.

Passing the tests does not make a patch right. Small and general ones come first: a deletion or a
constant that stands in the tests is more often a way around the tests than a repair. Of those that look
alike, that one comes first which changes least where no test looks (`weighing`).
"""

from collections.abc import Callable, Sequence

from swarm.domain.changes import Changes
from swarm.engines.port import Submission
from swarm.engines.repair.prior import doubt
from swarm.engines.repair.progress import Pinned, Plausible, Progress, Weighed

MOST_ALTERNATIVES = 8
UNKNOWN = 25
"""How much it speaks against a patch that there is no telling what it does."""

FARTHER = 12
"""How much it speaks against a patch that the mildest one changes next to nothing against it."""

_FEW = 20_000
"""Parts per million of the calls by which patches differ by chance."""

_PPM = 1_000_000
_WHOLE = (
    "The tests run the code in processes of their own, so each change was tried by whole runs.\n\n"
)


def ranked(progress: Progress) -> list[int]:
    """Positions in `plausible`, best first."""
    return [position for position, _ in standings(progress)]


def standings(progress: Progress) -> list[tuple[int, int]]:
    """Positions in `plausible`, best first, each with what speaks against it.

    Changes of one kind in one place differ in nothing but what they do: of these the one comes first
    that changes least where nobody asked for it, on the best of their places.
    """
    least = min((known.reach for known in progress.weighed if known is not None), default=0)
    order = sorted((_standing(progress, k, least), k) for k in range(len(progress.plausible)))
    kin: dict[tuple[str, int, str], list[int]] = {}
    for _, k in order:
        each = progress.plausible[k]
        kin.setdefault((each.path, each.line, each.label), []).append(k)
    mildest = {place: iter(sorted(group, key=_reach(progress))) for place, group in kin.items()}
    alike = ((standing, progress.plausible[k]) for standing, k in order)
    return [(next(mildest[each.path, each.line, each.label]), standing) for standing, each in alike]


def _reach(progress: Progress) -> Callable[[int], int]:
    """How much a patch changes where no failing test asked for it; the same for all that are unknown."""

    def reach(position: int) -> int:
        known = progress.weighed[position] if position < len(progress.weighed) else None
        return _PPM if known is None else known.reach

    return reach


def _standing(progress: Progress, position: int, least: int) -> int:
    """What speaks against a patch: how it looks, and what it does."""
    known = progress.weighed[position] if position < len(progress.weighed) else None
    return doubt_of(progress.plausible[position]) + _strangeness(known) + _excess(known, least)


def _excess(known: Weighed | None, least: int) -> int:
    """From 0 to `FARTHER`: how much more a patch changes than the mildest one has to.

    Whether three calls in a hundred come out otherwise or one, both are few; but two of the three were asked
    for by nobody.
    """
    if known is None:
        return 0
    return FARTHER * (known.reach - least) // (known.reach + _FEW)


def _strangeness(known: Weighed | None) -> int:
    """From 0 to 100. Another result where nobody asked for one speaks against a patch; another kind of
    result more so; and so does disagreement with the other patches where they differ.
    """
    if known is None:
        return UNKNOWN
    alone = _PPM - known.agreeing
    return (40 * known.odd + 15 * known.recorded + 20 * known.near + 25 * alone) // _PPM


def doubt_of(plausible: Plausible) -> int:
    """What speaks against it by its looks."""
    late = min(plausible.index // 50, 20)
    return 10 * doubt(plausible.label) + 2 * min(plausible.size, 30) + 60 * plausible.special + late


def is_to_compare(progress: Progress, *, hurry: bool = False) -> bool:
    """True when looking for better patches has had its time and there are several to choose from."""
    several = len(progress.plausible) > 1 and len(progress.weighed) != len(progress.plausible)
    return several and not _is_waiting(progress, hurry=hurry)


def _is_waiting(progress: Progress, *, hurry: bool) -> bool:
    return progress.patience > 0 and progress.phase != "over" and not hurry


def next_to_confirm(progress: Progress, *, hurry: bool = False) -> int | None:
    """The next patch to run whole, once looking for a better one has had its time."""
    if _is_waiting(progress, hurry=hurry):
        return None
    settled = {*progress.confirmed, *progress.unconfirmed}
    return next((k for k in ranked(progress) if k not in settled), None)


def submission(
    progress: Progress,
    position: int,
    changes: Changes,
    told: str,
    before: tuple[Plausible, ...] = (),
) -> Submission:
    """`told`: the changed lines; `before`: edits that were made ahead of this one."""
    chosen = progress.plausible[position]
    others = [k for k in ranked(progress) if k != position]
    pinned = progress.pinned.get(position)
    test = f"; pinned by {pinned.path}" if pinned is not None else ""
    places = "; ".join(f"{e.path}, line {e.line}: {e.label}" for e in (*before, chosen))
    return Submission(
        changes,
        title=f"Fix {places}{test}",
        why=_why(progress, position, told, len(before)) + _pinned(pinned),
        alternatives=tuple(
            _briefly(progress, each) + _otherwise(progress, position, each)
            for each in others[:MOST_ALTERNATIVES]
        ),
    )


def _pinned(test: Pinned | None) -> str:
    if test is None:
        return ""
    return (
        f"\n\nThe failing tests reach what was changed only through other code, so {test.path} is new: it "
        f"asks for it by itself, fails without the change and passes with it:\n\n{test.text}"
    )


def _briefly(progress: Progress, position: int) -> str:
    return f"{named(progress.plausible[position])}; {_against(progress, position)}"


def named(plausible: Plausible) -> str:
    """Where it is, of which kind, and the new text."""
    new = " ... ".join(edit.text.strip() for edit in plausible.edits)
    return f"{plausible.path}:{plausible.line} ({plausible.label}): {new or 'taken away'}"


def _otherwise(progress: Progress, chosen: int, other: int) -> str:
    calls = [(call, before) for call, before, *_ in progress.contested]
    told = apart(calls, results_of(progress, chosen), results_of(progress, other))
    return f"; {told}" if told else ""


def results_of(progress: Progress, position: int) -> tuple[str, ...]:
    """What the contested calls come to with a plausible patch."""
    return tuple(
        (*results, *[""] * (position + 1))[position] for _, _, *results in progress.contested
    )


def apart(calls: Sequence[tuple[str, str]], chosen: Sequence[str], other: Sequence[str]) -> str:
    """The shortest call that tells the two apart, one that the chosen one leaves alone if there is any."""
    found = [
        (before != here, len(call), call, before, here, there)
        for (call, before), here, there in zip(calls, chosen, other, strict=False)
        if here and there and here != there
    ]
    if not found:
        return ""
    _, _, call, before, here, there = min(found)
    return f"`{call}` is {there} with it, {here} with the chosen one, and was {before}"


def _against(progress: Progress, position: int) -> str:
    """Why it did not come first, in a few words."""
    plausible = progress.plausible[position]
    known = progress.weighed[position] if position < len(progress.weighed) else None
    if position in progress.unconfirmed:
        return "not confirmed by a whole run"
    reasons = (
        ("has a value that stands in the tests", plausible.special),
        ("gives results of another kind", known is not None and known.odd > _PPM // 20),
        ("alone in what it does", known is not None and known.agreeing < _PPM // 2),
        (f"{plausible.label} is seldom what is meant", doubt(plausible.label) > 0),
    )
    return next((words for words, so in reasons if so), f"{plausible.size} words of change")


def _why(progress: Progress, position: int, told: str, before: int) -> str:
    count = len(progress.spectrum.targets) + len(progress.greened)
    these = f"these {before + 1} together turn" if before else "this one turns"
    return (
        f"The failing tests said: {progress.spectrum.error or 'nothing but that they failed'}. "
        f"Of {progress.tried} small changes tried, {these} {count} failing test(s) green and "
        f"leaves the tests that run the same code as they were, in a fresh process:\n\n"
        f"{told}\n\n"
        f"{_WHOLE if progress.spectrum.elsewhere else ''}"
        f"Not sure: it was found by search, so the tests are all that speaks for it; "
        f"{len(progress.plausible) - 1} other change(s) pass them too{_apart(progress, position)}."
    )


def _apart(progress: Progress, chosen: int) -> str:
    """How many of the others do something else where no test looks: so far the tests leave it open."""
    mine = results_of(progress, chosen)
    others = (results_of(progress, k) for k in range(len(progress.plausible)) if k != chosen)
    differing = sum(
        any(here and there and here != there for here, there in zip(mine, other, strict=True))
        for other in others
    )
    return f", {differing} of which do something else in calls that no test makes" * bool(differing)


def in_vain(strategy: str, progress: Progress) -> str:
    lines = sum(len(numbers) for numbers in progress.spectrum.suspicion.values())
    return (
        f"the search by {strategy} is over: {progress.tried} changes tried at {lines} suspicious "
        f"lines, {len(progress.plausible)} passed, none was confirmed and free to submit"
    )
