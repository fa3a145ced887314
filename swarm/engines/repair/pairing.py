"""Repair by two edits, each of which turns other failing tests green.

Of several failing tests the one that runs least says most about one place. A first edit is looked for
that turns this test green; it is then made, the places are looked for anew by what still fails, and a
second edit is to turn all of that green. So neither search is misled by the other mistake, and tests that
need both edits are asked when one is made. When there is no second edit, another first one is made, or
another failing test, which runs other lines, is begun with.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from swarm.domain.evidence import SuiteRun
from swarm.domain.names import TestId
from swarm.engines.port import Assignment, GaveUp, Submission
from swarm.engines.repair import choosing, localisation
from swarm.engines.repair.laying import Laid
from swarm.engines.repair.progress import Paired, Progress, Spare
from swarm.sandbox.public_api import Sandbox

MOST_AIMS = 3
MOST_SPARES = 2
MOST_FIRST = 1000
"""Candidates for a first edit that turns a test green, where other tests can be begun with."""

MOST_ASKED = 40
"""Failing tests that a first edit is asked about."""

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
        end = await self._single(paired).end(progress, last=last)
        if isinstance(end, GaveUp):
            return None if paired.spares or paired.aims[1:] else GaveUp(_in_vain(progress))
        return end

    async def stage(self, progress: Progress | None, *, hurry: bool = False) -> Known:
        """Do the next stage."""
        if progress is None or progress.paired is None:
            return await self._begin()
        paired = progress.paired
        if paired.whole:
            if isinstance(await self._single(paired).end(progress), GaveUp):
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
            if paired.spares or paired.aims[1:]:
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
        order = sorted(choosing.ranked(progress), key=lambda k: -len(found[k]))
        complete = [k for k in order if set(targets) <= set(found[k])]
        if complete and len(targets) == len(self.assignment.contract.targets):
            return self._alone(paired, progress, complete, cpu)
        spares = tuple(
            Spare(edit=progress.plausible[k], greened=tuple(found[k])) for k in order if found[k]
        )
        begun = paired.model_copy(update={"spares": unlike(spares)})
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
        if paired.spares:
            first, *others = paired.spares
            update: dict[str, object] = {"first": first, "spares": tuple(others), "whole": True}
        elif not paired.aims[1:]:
            raise localisation.Unsuitable("no edit turns some of the failing tests green")
        else:
            update = {"first": None, "whole": False, "aims": paired.aims[1:]}
        return await self._aimed(paired.model_copy(update=update), progress, cpu)


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
    what a better one does: the rest would be left to do again.
    """
    found: dict[tuple[str, int], Spare] = {}
    for each in spares:
        less = any(set(each.greened) < set(better.greened) for better in found.values())
        if not less:
            found.setdefault((each.edit.path, each.edit.line), each)
    return tuple(found.values())[: MOST_SPARES + 1]


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


def _in_vain(progress: Progress) -> str:
    return f"the search for two edits is over: {progress.tried} changes tried"
