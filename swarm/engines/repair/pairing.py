"""Repair by two edits, each of which turns other failing tests green.

Of several failing tests the one that runs least says most about one place. A first edit is looked for
that turns this test green; it is then made, the places are looked for anew by what still fails, and a
second edit is to turn all of that green. So neither search is misled by the other mistake, and tests that
need both edits are asked when one is made. When there is no second edit, another first one is made, or
another failing test, which runs other lines, is begun with.

Which first edit comes first is decided by how much it turns green; but where two mistakes touch, a wrong
edit may turn more green by chance. So a complete repair is held until first edits against which about as
little speaks have had their try; of the complete ones that is submitted against which least speaks, and
the others are told of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from swarm.domain.evidence import SuiteRun
from swarm.domain.names import TestId
from swarm.engines.port import Assignment, GaveUp, Submission
from swarm.engines.repair import choosing, localisation, prior
from swarm.engines.repair.laying import Laid
from swarm.engines.repair.progress import Held, Paired, Progress, Spare
from swarm.sandbox.public_api import Sandbox

MOST_AIMS = 3
MOST_SPARES = 2
MOST_FIRST = 1000
"""Candidates for a first edit that turns a test green, where other tests can be begun with."""

MOST_ASKED = 40
"""Failing tests that a first edit is asked about."""

CLOSE = 10
"""First edits whose standings differ by no more are rivals."""

Known = tuple[str, Progress, float]
"""What a stage did, what is known behind it, and the processor seconds it took."""


class Single(Protocol):
    """The search for one edit, for these targets, on a tree with these edits."""

    async def end(
        self, progress: Progress | None, *, last: bool = False
    ) -> Submission | GaveUp | None: ...
    async def stage(self, progress: Progress | None, *, hurry: bool = False) -> Known: ...
    async def greens(
        self, progress: Progress, tests: Sequence[str]
    ) -> tuple[list[list[str]], float]: ...


Singles = Callable[[Assignment, Laid], Single]


@dataclass(frozen=True, slots=True)
class PairedAttempt:
    """One contract, one sandbox, two edits."""

    assignment: Assignment
    sandbox: Sandbox
    singles: Singles

    async def end(
        self, progress: Progress | None, *, last: bool = False
    ) -> Submission | GaveUp | None:
        paired = progress.paired if progress is not None else None
        if progress is None or paired is None:
            return None
        if not paired.whole:
            spent = progress.phase == "over" and not progress.plausible
            return GaveUp(_in_vain(progress)) if spent and not paired.aims[1:] else None
        if paired.held is not None and (paired.settled or last):
            return await self._of_all(paired, paired.held)
        end = await self._single(paired).end(progress, last=last)
        if isinstance(end, Submission) and (last or not (paired.held or rivals(paired))):
            return end
        if isinstance(end, GaveUp) and not (paired.held or unrivalled(paired) or paired.aims[1:]):
            return GaveUp(_in_vain(progress))
        return None

    async def _of_all(self, paired: Paired, held: Held) -> Submission | GaveUp | None:
        """What is held, and what of the complete repairs that it was preferred to."""
        end = await self._single(paired.model_copy(update={"first": held.first})).end(
            held.known, last=True
        )
        if not isinstance(end, Submission):
            return end
        others = (
            f"{choosing.named(each.edit)} as the first of two; before the second is made, "
            f"{choosing.apart(paired.contested, held.first.results, each.results)}"
            for each in held.beaten
        )
        return replace(end, alternatives=(*others, *end.alternatives)[: choosing.MOST_ALTERNATIVES])

    async def stage(self, progress: Progress | None, *, hurry: bool = False) -> Known:
        """Do the next stage."""
        if progress is None or progress.paired is None:
            return await self._begin()
        paired = progress.paired
        if paired.whole:
            end = await self._single(paired).end(progress)
            if isinstance(end, Submission):
                return await self._hold(paired, progress)
            if isinstance(end, GaveUp) or _is_outdone(paired, progress):
                return await self._instead(paired, progress)
            return await self._single(paired).stage(progress, hurry=hurry)
        if choosing.is_to_compare(progress, hurry=hurry):
            return await self._single(paired).stage(progress, hurry=hurry)
        if choosing.next_to_confirm(progress, hurry=hurry) is not None:
            return await self._first(paired, progress)
        if progress.phase == "over" or is_stuck(paired, progress):
            return await self._instead(paired, progress)
        return await self._single(paired).stage(progress, hurry=hurry)

    def _single(self, paired: Paired) -> Single:
        """The search that is under way."""
        if not paired.whole:
            only = replace(
                self.assignment, contract=_with_targets(self.assignment, paired.aims[:1])
            )
            return self.singles(only, Laid())
        made = (paired.first.edit,) if paired.first is not None else ()
        return self.singles(self._left(paired), Laid(made, frozenset(paired.executable)))

    def _left(self, paired: Paired) -> Assignment:
        """What is to be done when the first edit is made: its tests are to stay as they are then."""
        green = set(paired.greened)
        left = tuple(test for test in self.assignment.contract.targets if test not in green)
        outcomes = tuple(
            row.model_copy(update={"outcome": "passed"}) if row.test in green else row
            for row in self.assignment.base_run.outcomes
        )
        run: SuiteRun = self.assignment.base_run.model_copy(update={"outcomes": outcomes})
        return replace(self.assignment, contract=_with_targets(self.assignment, left), base_run=run)

    async def _hold(self, paired: Paired, progress: Progress) -> Known:
        """Keep a complete repair, if it is the best until now, and look for the next rival."""
        assert paired.first is not None
        tried = prior.RIVALS_TIMES * (progress.tried - paired.tried) + prior.RIVALS_MORE
        mine = Held(first=paired.first, known=_spare(progress), most=tried)
        held = mine if paired.held is None else better(paired.held, mine)
        return await self._instead(paired.model_copy(update={"held": held}), progress)

    async def _begin(self) -> Known:
        seen, cpu = await localisation.survey(self.assignment, self.sandbox)
        aims = aims_of(seen)
        if len(self.assignment.contract.targets) < 2 or not aims:
            raise localisation.Unsuitable("two edits need two failing tests that tell something")
        return await self._aimed(Paired(aims=aims), None, cpu)

    async def _aimed(self, paired: Paired, before: Progress | None, cpu: float = 0.0) -> Known:
        """Look for the places that the search under way is about."""
        tried = before.tried if before is not None else 0
        try:
            action, known, more = await self._single(paired).stage(None)
        except localisation.Unsuitable:
            if paired.held or unrivalled(paired) or paired.aims[1:]:
                return await self._instead(paired, before, cpu)
            raise
        executable = (*paired.executable, *known.spectrum.executable)
        update = {"executable": tuple(dict.fromkeys(executable)), "tried": tried}
        paired = paired.model_copy(update=update)
        known = known.model_copy(update={"paired": paired, "tried": tried})
        return f"{action}, {_for(paired)}", known, cpu + more

    async def _first(self, paired: Paired, progress: Progress) -> Known:
        """Make the edit that turns most failing tests green."""
        targets = self.assignment.contract.targets[:MOST_ASKED]
        asked = tuple(dict.fromkeys((paired.aims[0], *targets)))
        found, cpu = await self._single(paired).greens(progress, asked)
        standing = dict(choosing.standings(progress))
        order = sorted(standing, key=lambda k: -len(found[k]))
        complete = [k for k in order if set(targets) <= set(found[k])]
        if complete and len(targets) == len(self.assignment.contract.targets):
            return self._alone(paired, progress, complete, cpu)
        spares = tuple(
            Spare(
                edit=progress.plausible[k],
                greened=tuple(found[k]),
                standing=standing[k],
                rank=list(standing).index(k),
                results=choosing.results_of(progress, k),
            )
            for k in order
            if found[k]
        )
        contested = tuple((call, before) for call, before, *_ in progress.contested)
        known = {"spares": unlike(spares), "contested": contested, "half": _most(paired, spares)}
        begun = paired.model_copy(update=known)
        return await self._instead(begun, progress, cpu)

    def _alone(self, paired: Paired, progress: Progress, positions: list[int], cpu: float) -> Known:
        """One edit is enough: go on as if it had been looked for."""
        whole = paired.model_copy(update={"whole": True, "aims": paired.aims[1:]})
        names = progress.spectrum.names
        targets = tuple(names.get(each, each) for each in self.assignment.contract.targets)
        spectrum = progress.spectrum.model_copy(update={"targets": targets})
        update = {
            "spectrum": spectrum,
            "paired": whole,
            "plausible": tuple(progress.plausible[k] for k in positions),
            "patience": 0,
            "phase": "over",
        }
        return "one edit turns all of it green", progress.model_copy(update=update), cpu

    async def _instead(self, paired: Paired, progress: Progress | None, cpu: float = 0.0) -> Known:
        """The next first edit is made; where there is none left, the next test is begun with."""
        spares = rivals(paired) if paired.held else unrivalled(paired)
        if spares:
            first, *others = spares
            lesser = (each for each in paired.spares if each.lesser and not paired.held)
            left = (*others, *(each for each in lesser if each not in others))
            update: dict[str, object] = {"first": first, "spares": left, "whole": True}
        elif paired.held is not None and progress is not None:
            settled = paired.model_copy(update={"settled": True})
            held = progress.model_copy(update={"paired": settled})
            return "no rival is left", held, cpu
        elif not paired.aims[1:]:
            raise localisation.Unsuitable("no edit turns some of the failing tests green")
        else:
            update = {"first": None, "whole": False, "spares": (), "aims": paired.aims[1:]}
        return await self._aimed(paired.model_copy(update=update), progress, cpu)


def rivals(paired: Paired) -> tuple[Spare, ...]:
    """First edits against which about as little speaks as against the one that is held, or made, and of
    which it is known that they do something else.
    """
    first = paired.held.first if paired.held is not None else paired.first
    if first is None:
        return ()
    return tuple(
        each
        for each in paired.spares
        if each.standing <= first.standing + CLOSE
        if choosing.apart(paired.contested, first.results, each.results)
    )


def unrivalled(paired: Paired) -> tuple[Spare, ...]:
    """First edits that are worth a try by themselves."""
    return tuple(each for each in paired.spares if not each.lesser)


def better(one: Held, other: Held) -> Held:
    """The one against which less speaks."""
    kept, beaten = sorted((one, other), key=_against)
    return kept.model_copy(update={"beaten": (*one.beaten, beaten.first), "most": one.most})


def _against(held: Held) -> tuple[int, int]:
    chosen = held.known.plausible[held.known.confirmed[0]]
    return held.first.standing + choosing.doubt_of(chosen), held.first.rank


def _spare(progress: Progress) -> Progress:
    """What it takes to submit."""
    less = {"seen": (), "planned": None, "partial": (), "slow": (), "promising": ()}
    paired = progress.paired.model_copy(update={"held": None}) if progress.paired else None
    return progress.model_copy(update={**less, "paired": paired})


def _is_outdone(paired: Paired, progress: Progress) -> bool:
    """A rival had its candidates, and came to nothing."""
    if paired.held is None or progress.plausible:
        return False
    return progress.tried - paired.tried > paired.held.most


def _with_targets(assignment: Assignment, targets: Sequence[str]) -> Any:
    chosen = tuple(TestId(each) for each in targets)
    return assignment.contract.model_copy(update={"targets": chosen})


def _for(paired: Paired) -> str:
    if not paired.whole:
        return f"for {paired.aims[0]} alone"
    if paired.first is None:
        return "for all"
    made = paired.first
    return (
        f"behind an edit of {made.edit.path}:{made.edit.line} that turns {len(made.greened)} green"
    )


def is_stuck(paired: Paired, progress: Progress) -> bool:
    """So many changes turned the aim not green that another one had better be begun with: one of the two
    mistakes is easier than the other, and with it gone the rest of the time is for that other.
    """
    vain = progress.tried - paired.tried >= MOST_FIRST and not progress.plausible
    return vain and bool(paired.aims[1:])


def unlike(spares: Sequence[Spare]) -> tuple[Spare, ...]:
    """The best of each line, for what is wrong there is one thing; and none that turns green but a part of
    what a better one does: the rest would be left to do again. One against which less speaks than against
    the better one is kept as its rival.
    """
    found: list[Spare] = []
    for each in spares:
        above = [better for better in found if _is_above(better, each)]
        if all(each.rank < better.rank for better in above):
            found.append(each.model_copy(update={"lesser": bool(above)}))
    return tuple(found[: MOST_SPARES + 1])


def _is_above(better: Spare, each: Spare) -> bool:
    """It mends the same, or more."""
    here = (better.edit.path, better.edit.line) == (each.edit.path, each.edit.line)
    return here or set(each.greened) < set(better.greened)


def aims_of(seen: Mapping[str, frozenset[tuple[str, int]]]) -> tuple[str, ...]:
    """The test that runs the fewest lines, then those that have least in common with the ones before: in
    lines, and where these say nothing in their place in the suite, for neighbours are often alike.
    """
    place = {test: number for number, test in enumerate(seen)}

    def unlike_chosen(test: str) -> tuple[float, int]:
        alike = max(_alike(seen[test], seen[each]) for each in chosen)
        return alike, -min(abs(place[test] - place[each]) for each in chosen)

    left = sorted((test for test, lines in seen.items() if lines), key=lambda t: (len(seen[t]), t))
    chosen = left[:1]
    while chosen and len(chosen) < MOST_AIMS:
        others = [test for test in left if test not in chosen]
        if not others:
            break
        chosen.append(min(others, key=unlike_chosen))
    return tuple(chosen)


def _alike(one: frozenset[tuple[str, int]], other: frozenset[tuple[str, int]]) -> float:
    return len(one & other) / len(one | other)


def _most(paired: Paired, spares: Sequence[Spare]) -> Spare | None:
    known = [paired.half] if paired.half is not None else []
    return max([*known, *spares], key=lambda each: len(each.greened), default=None)


def told_of_half(progress: Progress | None) -> str:
    """What a person can go on with where there is no second edit."""
    half = progress.paired.half if progress is not None and progress.paired is not None else None
    if half is None:
        return ""
    tests = ", ".join(half.greened[:2]) + (", ..." if half.greened[2:] else "")
    return (
        f"; half of it may be {choosing.named(half.edit)}, which turns {len(half.greened)} of the "
        f"failing tests green ({tests})"
    )


def _in_vain(progress: Progress) -> str:
    return f"the search for two edits is over: {progress.tried} changes tried"
