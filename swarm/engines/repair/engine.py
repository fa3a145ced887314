"""The engine's shell: decides the next stage from what is known, does it, tells the caller.

Everything that is known is in the last step's result, so a worker that takes over goes on where the
last one stopped. A plausible patch is submitted only after a whole run in a fresh process, because
patched live functions can differ from a program that starts with the patch.
"""

import math
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from swarm.domain.bids import Curve
from swarm.domain.errors import Lacking
from swarm.domain.evidence import GREEN
from swarm.engines.port import (
    NOTHING_MORE,
    Assignment,
    Done,
    GaveUp,
    Item,
    StepTaken,
    Submission,
)
from swarm.engines.repair import choosing, localisation, offers, prior
from swarm.engines.repair.dispatch import Answer, ask
from swarm.engines.repair.laying import NOTHING_LAID, Laid
from swarm.engines.repair.pairing import Known, PairedAttempt, told_of_half
from swarm.engines.repair.pinning import Pinning, with_test, without_new_tests
from swarm.engines.repair.progress import (
    MOST_SETBACKS,
    Progress,
    Searched,
    Spectrum,
    after,
    setback,
)
from swarm.engines.repair.selection import file_of
from swarm.engines.repair.weighing import weigh
from swarm.sandbox.public_api import Sandbox

STAGE_SECONDS = 4.0
"""Searching time of one stage; starting pytest and collecting come on top."""

QUICK_SECONDS = 0.05
MIDDLE_SECONDS = 0.4
FULL_SECONDS = 3.0
COLD_STAGE_OF_SECONDS = 12
"""Candidates in fresh processes may take about half of a contract's time, where it gives much: a stage for
so many of its seconds."""

"""Processor seconds for a test in the first round; in the second; in the second for a change that has
turned a failing test green already. Tests that are known to need more get more.
"""

MEMORY = 768 << 20
MOST_PLAUSIBLE = 8
COMPARE_SECONDS = 60.0
WHOLE_SECONDS = 60.0
MOST_WORSE = 6
UNTRACED_MS = 1000


class RepairEngine:
    """Searches with one strategy: `templates`, `donors`, `synthesis`, `pairs` or `project`."""

    family = "repair"
    needs = NOTHING_MORE

    def __init__(
        self,
        strategy: offers.Strategy,
        *,
        cpu_price: int,
        cores: int = 1,
        whole_seconds: float = WHOLE_SECONDS,
    ) -> None:
        """`cores`: processors that a search uses; its bids name them. `whole_seconds`: so long may the
        test files run by the clock to confirm a patch.
        """
        self.strategy: str = strategy
        self._whole_seconds = whole_seconds
        self._strategy = strategy
        self._cores = cores
        self._curves = (offers.curve(strategy, cpu_price, cores),)

    def curves(self) -> tuple[Curve, ...]:
        return self._curves

    async def work(
        self,
        assignment: Assignment,
        sandbox: Sandbox,
        done: tuple[Done, ...],
        guidance: Callable[[], tuple[str, ...]],
        budget: int,
    ) -> AsyncIterator[Item]:
        attempt = self._attempt(assignment, sandbox)
        progress = Progress.model_validate_json(done[-1].result) if done else None
        spent, began = 0, time.monotonic()
        while True:
            elapsed = time.monotonic() - began
            hurry = 2 * spent > budget or 2 * elapsed > assignment.contract.seconds
            end = await attempt.end(progress, last=hurry)
            end = end or self._limit(assignment, spent, budget, elapsed)
            if end is not None:
                half = told_of_half(progress)
                yield GaveUp(end.reason + half) if isinstance(end, GaveUp) else end
                return
            try:
                step, progress = await _step(attempt, progress, assignment.cpu_price, hurry)
            except (Lacking, localisation.Unsuitable) as refusal:
                yield GaveUp(str(refusal) + told_of_half(progress))
                return
            spent += step.cost
            yield _guided(step, guidance())

    def _attempt(self, assignment: Assignment, sandbox: Sandbox) -> "Attempt | PairedAttempt":
        def single(part: Assignment, laid: Laid = NOTHING_LAID) -> Attempt:
            return Attempt(self._strategy, part, sandbox, self._whole_seconds, laid, self._cores)

        paired = self._strategy == "pairs"
        return PairedAttempt(assignment, sandbox, single) if paired else single(assignment)

    def _limit(
        self, assignment: Assignment, spent: int, budget: int, elapsed: float
    ) -> GaveUp | None:
        """The end that comes before the next stage would break a limit."""
        computed = STAGE_SECONDS * self._cores + 2.0
        if spent + math.ceil(computed * assignment.cpu_price) > budget:
            return GaveUp(f"the budget of {budget} micro-USD does not pay for another stage")
        if elapsed + STAGE_SECONDS + 2.0 > assignment.contract.seconds:
            return GaveUp(f"the contract's {assignment.contract.seconds} s are nearly over")
        return None


async def _step(
    attempt: "Attempt | PairedAttempt", progress: Progress | None, cpu_price: int, hurry: bool
) -> tuple[StepTaken, Progress]:
    began = time.monotonic()
    action, known, cpu = await attempt.stage(progress, hurry=hurry)
    cost = math.ceil(cpu * cpu_price)
    result = known.model_dump_json().encode()
    return StepTaken(action, result, cost, time.monotonic() - began), known


def _guided(step: StepTaken, lines: tuple[str, ...]) -> StepTaken:
    if not lines:
        return step
    action = f"{step.action}; noted: {' / '.join(lines)}"
    return StepTaken(action, step.result, step.cost, step.seconds, step.changes)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One contract, one sandbox."""

    strategy: offers.Strategy
    assignment: Assignment
    sandbox: Sandbox
    whole_seconds: float = WHOLE_SECONDS
    laid: Laid = NOTHING_LAID
    """Edits that are made already: everything happens on the tree with them."""

    cores: int = 1

    async def end(
        self, progress: Progress | None, *, last: bool = False
    ) -> Submission | GaveUp | None:
        """The attempt's end, when what is known settles it; `last`, without waiting for a test of its own."""
        if progress is None:
            return None
        position = await self._chosen(progress)
        if position is not None:
            settled = last or position in progress.pinned
            return await self._submission(progress, position) if settled else None
        if progress.phase == "over" and choosing.next_to_confirm(progress) is None:
            return GaveUp(choosing.in_vain(self.strategy, progress))
        return None

    async def _chosen(self, progress: Progress) -> int | None:
        """The first confirmed patch that was not refused before."""
        for position in progress.confirmed:
            if not await self._is_refused(self.laid.with_one(progress, position)):
                return position
        return None

    async def _is_refused(self, edits: Laid) -> bool:
        """The same was submitted before, whatever tests came with it."""
        changes = await edits.changes(self.sandbox)
        paths = dict.fromkeys(changes.paths)
        return changes in [without_new_tests(each, paths) for each in self.assignment.refused]

    async def _submission(self, progress: Progress, position: int) -> Submission:
        edits = self.laid.with_one(progress, position)
        pinned = progress.pinned.get(position)
        changes = with_test(await edits.changes(self.sandbox), pinned)
        told = await edits.told(self.sandbox)
        return choosing.submission(progress, position, changes, told, self.laid.edits)

    async def stage(self, progress: Progress | None, *, hurry: bool = False) -> Known:
        """Do the next stage. In a hurry, what is found is not waited over for something better."""
        if progress is None:
            return await self._localise()
        chosen = await self._chosen(progress)
        if chosen is not None:
            return await self._pin(progress, chosen)
        if choosing.is_to_compare(progress, hurry=hurry):
            return await self._compare(progress)
        position = choosing.next_to_confirm(progress, hurry=hurry)
        if position is not None:
            return await self._confirm(progress, position)
        if progress.confirmed and progress.enough_at is not None:
            return _unbound(progress)
        if self.strategy == "synthesis" and progress.planned is None:
            return await self._plan(progress)
        return await self._search(progress)

    async def greens(
        self, progress: Progress, tests: Sequence[str]
    ) -> tuple[list[list[str]], float]:
        """For each plausible patch those of the tests that pass with it."""
        names = {progress.spectrum.names.get(each, each): each for each in tests}
        request = {
            **self._search_request(progress),
            "kind": "greens",
            "plausible": [each.model_dump() for each in progress.plausible],
            "tests": tuple(names),
            "files": tuple(dict.fromkeys((*map(file_of, names), *progress.spectrum.files))),
            "limit": FULL_SECONDS,
        }
        answer = await self._ask(request, COMPARE_SECONDS)
        told = answer.body.get("greens", [[] for _ in progress.plausible])
        return [[names[each] for each in green] for green in told], answer.cpu_seconds

    async def _localise(self) -> Known:
        async with self.laid.on(self.sandbox):
            found = await localisation.localise(self.assignment, self.sandbox)
        spectrum = found.spectrum
        lines = sum(len(numbers) for numbers in spectrum.suspicion.values())
        action = f"localised: {lines} suspicious lines in {len(spectrum.suspicion)} files"
        return (
            action,
            self._begun(spectrum),
            found.cpu_seconds,
        )

    def _begun(self, spectrum: Spectrum) -> Progress:
        phases = offers.PHASES[self.strategy]
        if spectrum.broken or spectrum.elsewhere:
            phases = offers.UNALIVE.get(self.strategy, ("over",))
        begun = Progress(spectrum=spectrum, phases=phases, phase=phases[0])
        most = self.assignment.contract.seconds // COLD_STAGE_OF_SECONDS
        return begun.model_copy(update={"cold_stages": max(begun.cold_stages, most)})

    async def _plan(self, progress: Progress) -> Known:
        request = {**self._search_request(progress), "kind": "plan"}
        answer = await self._ask(request, 120.0)
        action = f"built {answer.body.get('count', 0)} candidates from observed values"
        known = progress.model_copy(update={"planned": answer.body.get("planned", "")})
        return action, known, answer.cpu_seconds

    async def _search(self, progress: Progress) -> Known:
        answer = await self._ask(self._search_request(progress), self._patience(progress))
        planned = {"planned": answer.body.pop("planned", progress.planned)}
        if "nothing" in answer.body:
            known = setback(progress, answer.body).model_copy(update=planned)
            return f"search broke off: {answer.body['nothing']}", known, answer.cpu_seconds
        known = after(progress, Searched.model_validate(answer.body)).model_copy(update=planned)
        action = (
            f"searched {self.strategy} ({progress.phase}): {known.tried} tried, "
            f"{len(known.plausible)} plausible"
        )
        return action, known, answer.cpu_seconds

    def _patience(self, progress: Progress) -> float:
        """Seconds by the clock for a round: longer after one that was killed, for the machine is busy; but
        not more than half of what the contract gives.
        """
        least = 12 * STAGE_SECONDS
        longer = least * (1 + MOST_SETBACKS - progress.setbacks)
        return min(longer, max(least, self.assignment.contract.seconds / 2))

    def _search_request(self, progress: Progress) -> dict[str, object]:
        spectrum = progress.spectrum.model_dump()
        alive = progress.spectrum.alive()
        full = progress.phase != "first"
        return {
            "kind": "search",
            "strategy": self.strategy,
            "phase": progress.phase,
            "cursor": progress.cursor,
            "slow": progress.slow,
            "partial": progress.partial,
            "seen": () if progress.phase == "slow" else progress.seen,
            "planned": progress.planned,
            "seconds": STAGE_SECONDS,
            "cores": self.cores,
            "most": MOST_PLAUSIBLE,
            "limit": FULL_SECONDS if full else QUICK_SECONDS,
            "middle": MIDDLE_SECONDS,
            "promising": progress.promising,
            "clear": {
                "enough_at": progress.enough_at,
                "doubtful": prior.doubtful(),
                "size": prior.CLEAR_WORDS,
                "times": prior.RIVALS_TIMES,
                "more": prior.RIVALS_MORE,
            },
            "limits": {
                test: ms / 1000 * (2 if full else 1)
                for test, ms in progress.spectrum.limits_ms.items()
            },
            "memory_bytes": MEMORY,
            "broken": progress.spectrum.broken,
            "elsewhere": progress.spectrum.elsewhere,
            "error": progress.spectrum.error,
            "suspicion": spectrum["suspicion"] if progress.phase == "cold" else alive,
            **{key: spectrum[key] for key in ("seen_types", "targets")},
            **{key: spectrum[key] for key in ("covering", "files")},
        }

    async def _compare(self, progress: Progress) -> Known:
        """Ask every plausible patch what it does where no test looks."""
        request = {
            **self._search_request(progress),
            "kind": "compare",
            "plausible": [each.model_dump() for each in progress.plausible],
        }
        answer = await self._ask(request, COMPARE_SECONDS)
        nothing: dict[str, object] = {"origins": [], "words": []}
        weighed = weigh(progress.plausible, {**nothing, **answer.body})
        calls = len(answer.body.get("origins", ()))
        contested = tuple(tuple(each) for each in answer.body.get("contested", ()))
        update = {"weighed": weighed, "contested": contested}
        action = f"compared {len(weighed)} plausible patches by {calls} calls"
        return action, progress.model_copy(update=update), answer.cpu_seconds

    async def _confirm(self, progress: Progress, position: int) -> Known:
        plausible = progress.plausible[position]
        edits = self.laid.with_one(progress, position)
        if await self._is_refused(edits):
            update = {"unconfirmed": (*progress.unconfirmed, position)}
            return _unbound(progress.model_copy(update=update))
        outcomes, cpu = await self._run_whole(progress, edits)
        if self._is_green(progress.spectrum, outcomes):
            update = {"confirmed": (*progress.confirmed, position)}
            action = f"confirmed a patch of {plausible.path}:{plausible.line} ({plausible.label})"
            return action, progress.model_copy(update=update), cpu
        known, more = await self._passed_over(progress, position, self._worse(progress, outcomes))
        others = len(known.unconfirmed) - len(progress.unconfirmed) - 1
        action = (
            f"did not confirm a patch of {plausible.path}:{plausible.line} ({plausible.label})"
            f" nor {others} more that fail the same tests"
        )
        return action, known, cpu + more

    async def _pin(self, progress: Progress, position: int) -> Known:
        """Write a test for the chosen patch, where the failing ones only reach it through other code."""
        chosen = progress.plausible[position]
        pinning = Pinning(self.sandbox, self.assignment.environment, progress.spectrum)
        pinned, spent = None, 0.0
        if not progress.spectrum.broken and await pinning.is_wanted(chosen, self.laid):
            request = {
                **self._search_request(progress),
                "kind": "pin",
                "plausible": [chosen.model_dump()],
            }
            answer = await self._ask(request, COMPARE_SECONDS)
            spent = answer.cpu_seconds
            if "call" in answer.body:
                edits = self.laid.with_one(progress, position)
                pinned, more = await pinning.made(answer.body["call"], edits)
                spent += more
        known = progress.model_copy(update={"pinned": {**progress.pinned, position: pinned}})
        said = f"wrote {pinned.path}" if pinned is not None else "needs no test of its own"
        return f"the patch of {chosen.path}:{chosen.line}: {said}", known, spent

    async def _passed_over(
        self, progress: Progress, position: int, worse: tuple[str, ...]
    ) -> tuple[Progress, float]:
        """Without this patch, and without those others that make the same tests fail.

        From now on these tests are asked of every candidate for the file.
        """
        spectrum = progress.spectrum
        path = progress.plausible[position].path
        covering = dict.fromkeys((*worse, *spectrum.covering.get(path, ())))
        spectrum = spectrum.model_copy(
            update={
                "covering": {**spectrum.covering, path: tuple(covering)},
                "limits_ms": {**dict.fromkeys(worse, UNTRACED_MS), **spectrum.limits_ms},
            }
        )
        settled = {*progress.confirmed, *progress.unconfirmed, position}
        left = [k for k in range(len(progress.plausible)) if k not in settled]
        out, cpu = await self._failing(progress, left, worse) if left and worse else ([], 0.0)
        update = {
            "spectrum": spectrum,
            "unconfirmed": (*progress.unconfirmed, position, *out),
            "enough_at": None,
        }
        return progress.model_copy(update=update), cpu

    async def _failing(
        self, progress: Progress, positions: list[int], tests: tuple[str, ...]
    ) -> tuple[list[int], float]:
        """Those of the patches with which one of the tests fails."""
        request = {
            **self._search_request(progress),
            "kind": "recheck",
            "plausible": [progress.plausible[k].model_dump() for k in positions],
            "tests": tests,
            "limit": FULL_SECONDS,
        }
        answer = await self._ask(request, COMPARE_SECONDS)
        passing = set(answer.body.get("passing", range(len(positions))))
        return [k for n, k in enumerate(positions) if n not in passing], answer.cpu_seconds

    def _worse(self, progress: Progress, outcomes: Mapping[str, str]) -> tuple[str, ...]:
        """Some of the tests that passed before and do not any more."""
        return tuple(self._worsened(progress.spectrum, outcomes))[:MOST_WORSE]

    def _worsened(self, spectrum: Spectrum, outcomes: Mapping[str, str]) -> Iterator[str]:
        """One that is expected to fail and passes is none of these: that may be what was mended."""
        before = self._before(spectrum)
        for test, outcome in outcomes.items():
            if before.get(test) in GREEN and outcome not in GREEN and outcome != "xpassed":
                yield test

    async def _run_whole(self, progress: Progress, edits: Laid) -> tuple[dict[str, str], float]:
        """Run the patched tree as it would run for a user; the tree is put back afterwards.

        Of test files that take too long as a whole, the failing tests and those that run the same code.
        """
        spectrum = progress.spectrum
        async with edits.on(self.sandbox):
            answer = await self._run(spectrum.files)
            if "nothing" not in answer.body:
                return answer.body.get("outcomes", {}), answer.cpu_seconds
            covering = spectrum.covering.get(edits.edits[-1].path, ())
            again = await self._run(tuple(dict.fromkeys((*spectrum.targets, *covering))))
            return again.body.get("outcomes", {}), answer.cpu_seconds + again.cpu_seconds

    async def _run(self, tests: tuple[str, ...]) -> Answer:
        request = {"kind": "run", "files": tests}
        return await ask(self.sandbox, self.assignment.environment, request, self.whole_seconds)

    def _is_green(self, spectrum: Spectrum, outcomes: dict[str, str]) -> bool:
        """Every target passes, and nothing that passed on the base does worse."""
        kept = not any(self._worsened(spectrum, outcomes))
        return kept and all(_is_met(test, outcomes) for test in spectrum.targets)

    def _before(self, spectrum: Spectrum) -> dict[str, str]:
        """Outcomes on the base by pytest's names, without those that flicker."""
        return {
            spectrum.names.get(each.test, each.test): each.outcome
            for each in self.assignment.base_run.outcomes
            if each.test not in self.assignment.voided
        }

    async def _ask(self, request: Mapping[str, object], wall_seconds: float) -> Answer:
        async with self.laid.on(self.sandbox):
            return await ask(self.sandbox, self.assignment.environment, request, wall_seconds)


def _unbound(progress: Progress) -> Known:
    """The search goes on: the patch whose rivals would have been enough was refused."""
    return "passed over a refused patch", progress.model_copy(update={"enough_at": None}), 0.0


def _is_met(target: str, outcomes: Mapping[str, str]) -> bool:
    """A target that names a file is met when all of its tests pass."""
    if target in outcomes or "::" in target:
        return outcomes.get(target) in GREEN
    inside = [outcome for test, outcome in outcomes.items() if test.startswith(target + "::")]
    return bool(inside) and all(outcome in GREEN for outcome in inside)


def repair_engines(cpu_price: int, *, cores: int = 1) -> tuple[RepairEngine, ...]:
    """One engine for each strategy; `cpu_price` is micro-USD for one CPU second, `cores` are what each
    search uses.
    """
    return tuple(
        RepairEngine(strategy, cpu_price=cpu_price, cores=cores) for strategy in offers.STRATEGIES
    )
