"""The first stage: which lines the failing tests run, and which passing tests run them too."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from swarm.domain.errors import Rejected
from swarm.domain.evidence import GREEN
from swarm.engines.port import Assignment
from swarm.engines.repair import prior
from swarm.engines.repair.dispatch import Answer, ask
from swarm.engines.repair.progress import SeenTypes, Spectrum
from swarm.engines.repair.selection import (
    HEAD,
    file_of,
    is_generated,
    is_vendored,
    may_touch,
    mentions,
    possible_files,
)
from swarm.engines.repair.suspicion import suspicions
from swarm.sandbox.public_api import Sandbox

LIMIT_SECONDS = 1.0
OBSERVE_SECONDS = 0.3
TRACE_SECONDS = 4.0
PROBING = 0.05
LEAST_PROBING = 3.0
MOST_PROBING = 8.0
"""Processor seconds for experiments that tell lines apart: a share of the contract's time, within bounds."""

MOST_TARGETS = 12
MOST_PASSING = 150
MOST_BESIDE = 40
MOST_FILES = 12
MOST_TYPES = 5000
MOST_TRACES = 4
MEMORY = 768 << 20


class Unsuitable(Rejected):
    """The contract is none for a search over Python sources; the message says why."""


@dataclass(frozen=True, slots=True)
class Found:
    spectrum: Spectrum
    cpu_seconds: float


async def localise(assignment: Assignment, sandbox: Sandbox) -> Found:
    """Trace the failing tests, then passing ones that may run the same files."""
    _refuse_unsuitable(assignment)
    names = await _names(assignment, sandbox)
    targets = tuple(names.get(each, each) for each in assignment.contract.targets)
    run = _run(assignment, names)
    files = _files(targets)
    failing = await _trace(assignment, sandbox, files, targets[:MOST_TARGETS])
    if not failing.body["tests"] and failing.body["broken"]:
        return _broken(assignment, failing, files, targets)
    touch = assignment.contract.touch
    _add_broken(failing.body, touch)

    def is_ours(path: str) -> bool:
        return may_touch(path, touch)

    if not any(map(is_ours, failing.body["lines"])):
        failing = await _trace(assignment, sandbox, files, targets[:MOST_TARGETS], importing=True)
    elsewhere = not any(map(is_ours, (*failing.body["lines"], *failing.body.get("importing", ()))))
    if elsewhere:
        failing = await _trace(assignment, sandbox, files, targets[:MOST_TARGETS], elsewhere=True)
    suspects = await _written(sandbox, failing.body, _suspects(failing.body, assignment))
    related = await _related(run, sandbox, files, suspects)
    passing = _passing(run, (*files, *related), targets)
    everything = (*files, *related)
    sample = await _trace(
        assignment, sandbox, everything, passing, wanted=suspects, elsewhere=elsewhere
    )
    spectrum = _spectrum(assignment, targets, failing.body, sample.body, everything)
    spectrum = spectrum.model_copy(update={"names": names, "elsewhere": elsewhere})
    if elsewhere:  # nothing of it is alive here
        return Found(spectrum, failing.cpu_seconds + sample.cpu_seconds)
    types = await _observe(assignment, sandbox, spectrum, _traces(failing.body))
    seen = _kept(types.body.get("types", {}), spectrum.suspicion)
    informed = types.body.get("suspicion", spectrum.suspicion)
    suspicion = {
        path: {int(line): ppm for line, ppm in numbers.items()}
        for path, numbers in informed.items()
    }
    spent = failing.cpu_seconds + sample.cpu_seconds + types.cpu_seconds
    imported = {path: tuple(each) for path, each in types.body.get("imported", {}).items()}
    known = {"seen_types": seen, "suspicion": suspicion, "imported": imported}
    return Found(spectrum.model_copy(update=known), spent)


async def survey(
    assignment: Assignment, sandbox: Sandbox
) -> tuple[dict[str, frozenset[tuple[str, int]]], float]:
    """Lines that may be changed, by the failing tests that run them; and the processor seconds it took.

    Of many failing tests some, spread over all of them.
    """
    _refuse_unsuitable(assignment)
    names = await _names(assignment, sandbox)
    targets = assignment.contract.targets
    asked = {names.get(each, each): each for each in targets[:: -(-len(targets) // MOST_TARGETS)]}
    answer = await _trace(assignment, sandbox, _files(asked), tuple(asked), each=True)
    touch = assignment.contract.touch
    found: dict[str, frozenset[tuple[str, int]]] = {
        asked[test]: frozenset(
            (path, int(line))
            for path, lines in seen["lines"].items()
            if may_touch(path, touch)
            for line in lines
        )
        for test, seen in answer.body["tests"].items()
        if seen["outcome"] not in GREEN
    }
    return found, answer.cpu_seconds


def _broken(
    assignment: Assignment, failing: Answer, files: tuple[str, ...], targets: tuple[str, ...]
) -> Found:
    """The test files themselves cannot be imported: all there is are the tracebacks of that."""
    touch = assignment.contract.touch
    broken = failing.body["broken"]
    frames = [
        [tuple(each) for each in seen["frames"] if may_touch(each[0], touch)] for seen in broken
    ]
    lines = lines_of(frames, (1, 0))
    if not lines:
        raise Unsuitable(f"the tests cannot be collected: {broken[0]['error']}")
    spectrum = Spectrum(
        suspicion=suspicions(lines, 1, frames),
        targets=targets,
        covering={},
        limits_ms={},
        files=files,
        broken=True,
        error=broken[0]["error"],
    )
    return Found(spectrum, failing.cpu_seconds)


def lines_of(
    frames: Iterable[Iterable[tuple[str, int]]], counts: tuple[int, int]
) -> dict[str, dict[int, tuple[int, int]]]:
    """Every line of the tracebacks, by file."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for path, line in (frame for trace in frames for frame in trace):
        found.setdefault(path, {})[line] = counts
    return found


async def _names(assignment: Assignment, sandbox: Sandbox) -> dict[str, str]:
    """What pytest calls the tests whose runner names them by modules."""
    if assignment.environment.runner != "unittest":
        return {}
    command = assignment.environment.command
    there: dict[str, bool] = {}
    found: dict[str, str] = {}
    for test in (each.test for each in assignment.base_run.outcomes):
        for path, rest in possible_files(test, command):
            if path not in there:
                there[path] = await _read(sandbox, path) is not None
            if there[path]:
                found[test] = f"{path}::{rest}"
                break
    return found


async def _read(sandbox: Sandbox, path: str) -> bytes | None:
    """None where there is no such file."""
    try:
        return await sandbox.read(sandbox.root / path)
    except Rejected:
        return None


def _run(assignment: Assignment, names: Mapping[str, str]) -> dict[str, str]:
    """The outcomes of the base run as pytest names the tests, without those that flickered."""
    return {
        names.get(each.test, each.test): each.outcome
        for each in assignment.base_run.outcomes
        if each.test not in assignment.voided
    }


def _refuse_unsuitable(assignment: Assignment) -> None:
    if assignment.environment.runner == "command":
        raise Unsuitable("repair needs tests that pytest can run; this suite is a bare command")
    if not assignment.contract.targets:
        raise Unsuitable("repair needs failing tests to search against; the contract names none")


async def _trace(
    assignment: Assignment,
    sandbox: Sandbox,
    files: Sequence[str],
    tests: Sequence[str],
    *,
    importing: bool = False,
    each: bool = False,
    wanted: Sequence[str] = (),
    elsewhere: bool = False,
) -> Answer:
    """With `importing`, also what runs while the tests are collected, which takes longer; with `each`,
    also which lines each test runs; with `wanted`, lines of these files only; with `elsewhere`, also what
    runs in processes that the tests start.
    """
    request = {
        "kind": "trace",
        "importing": importing,
        "wanted": wanted,
        "each": each,
        "elsewhere": elsewhere,
        "files": files,
        "tests": tests,
        "limit": LIMIT_SECONDS,
        "seconds": TRACE_SECONDS,
        "memory_bytes": MEMORY,
    }
    answer = await ask(sandbox, assignment.environment, request, 60.0)
    if "nothing" in answer.body:
        raise Unsuitable(f"the failing tests could not be traced: {answer.body['nothing']}")
    return answer


def _traces(failing: Mapping[str, Any]) -> list[Any]:
    """Frames of some failing tests, outermost first."""
    red = [seen["frames"] for seen in failing["tests"].values() if seen["outcome"] not in GREEN]
    return [frames for frames in red if frames][:MOST_TRACES]


async def _observe(
    assignment: Assignment, sandbox: Sandbox, spectrum: Spectrum, traces: list[Any]
) -> Answer:
    known = spectrum.model_dump()
    request = {
        "kind": "observe",
        "limit": OBSERVE_SECONDS,
        "memory_bytes": MEMORY,
        "frames": traces,
        "doubtful": prior.doubtful(),
        "probing": min(max(PROBING * assignment.contract.seconds, LEAST_PROBING), MOST_PROBING),
        **{key: known[key] for key in ("files", "targets", "covering", "suspicion", "error")},
    }
    return await ask(sandbox, assignment.environment, request, 120.0)


def _kept(
    types: dict[str, Any], suspicion: Mapping[str, Mapping[int, int]]
) -> dict[str, SeenTypes]:
    """The types; of many, only those of expressions on suspicious lines."""
    many = sum(len(each["expressions"]) for each in types.values()) > MOST_TYPES
    return {
        path: SeenTypes(
            expressions={
                place: names
                for place, names in each["expressions"].items()
                if not many or int(place.split(":")[0]) in suspicion.get(path, {})
            },
            variables=each["variables"],
            attributes=each.get("attributes", {}),
        )
        for path, each in types.items()
    }


def _files(tests: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(file_of(each) for each in tests))


def _add_broken(body: dict[str, Any], touch: tuple[str, ...]) -> None:
    """What broke while other test files were collected belongs to what the failing tests run."""
    failing = len(body["tests"])
    for seen in body["broken"]:
        for path, line in seen["frames"]:
            if may_touch(path, touch):
                body["lines"].setdefault(path, {})[str(line)] = [failing, 0]


def _imported(body: dict[str, Any], touch: tuple[str, ...]) -> dict[str, dict[str, list[int]]]:
    """What ran while the tests were collected, as if each failing test had run it."""
    failing = len(body["tests"])
    return {
        path: {str(line): [failing, 0] for each in functions for line in each[1:]}
        for path, functions in body.get("importing", {}).items()
        if may_touch(path, touch)
    }


def _suspects(body: dict[str, Any], assignment: Assignment) -> list[str]:
    """Files that the failing tests run; when they run none, those that run when they are imported."""
    touch = assignment.contract.touch
    found = [path for path in body["lines"] if may_touch(path, touch)]
    imported = _imported(body, touch) if body["lines"] and not found else {}
    if imported:
        body["lines"] = imported
        found = list(imported)
    if body["tests"] and not body["lines"]:
        ends = sorted({seen["outcome"] for seen in body["tests"].values()})
        raise Unsuitable(f"the failing tests end before they tell anything: {', '.join(ends)}")
    if not found:
        vendored = [path for path in body["lines"] if is_vendored(path)]
        others = f"; what others maintain is not changed: {vendored[0]}" if vendored else ""
        raise Unsuitable(f"the failing tests run no Python file that may be changed{others}")
    return found


async def _written(sandbox: Sandbox, body: dict[str, Any], suspects: list[str]) -> list[str]:
    """Those of the files that people have written; the others are taken out of what was seen."""
    kept = []
    for path in suspects:
        head = (await _read(sandbox, path) or b"")[:HEAD].decode("utf-8", "replace")
        if is_generated(path, head):
            del body["lines"][path]
        else:
            kept.append(path)
    if not kept:
        told = f"the failing tests run only generated code, {suspects[0]} for one"
        raise Unsuitable(f"{told}: what generates it is to be changed")
    return kept


async def _related(
    run: Mapping[str, str], sandbox: Sandbox, files: Sequence[str], suspects: list[str]
) -> tuple[str, ...]:
    """Other test files that speak of the suspicious modules."""
    names = _files(test for test, outcome in run.items() if outcome in GREEN)
    found: list[str] = []
    for name in names:
        if name in files or not name.endswith(".py") or len(found) >= MOST_FILES:
            continue
        data = await _read(sandbox, name)
        if data is not None and mentions(data.decode("utf-8", "replace"), suspects):
            found.append(name)
    return tuple(found)


def _passing(run: Mapping[str, str], files: Sequence[str], targets: Sequence[str]) -> list[str]:
    """Passing tests of these files: those that stand next to failing ones first, for they run much the
    same; else in turns, so that each file has its say.
    """
    by_file: dict[str, list[str]] = {name: [] for name in files}
    for test, outcome in run.items():
        if outcome == "passed" and file_of(test) in by_file:
            by_file[file_of(test)].append(test)
    longest = max((len(tests) for tests in by_file.values()), default=0)
    turns = [tests[k] for k in range(longest) for tests in by_file.values() if k < len(tests)]
    return list(dict.fromkeys([*_beside(run, set(targets)), *turns]))[:MOST_PASSING]


def _beside(run: Mapping[str, str], targets: set[str]) -> list[str]:
    """Passing tests of the failing ones' files, the nearest of each first."""
    order = list(run)
    red = [k for k, test in enumerate(order) if test in targets][:MOST_TARGETS]
    found = [
        order[k + step]
        for distance in range(1, MOST_BESIDE + 1)
        for k in red
        for step in (-distance, distance)
        if 0 <= k + step < len(order) and file_of(order[k]) == file_of(order[k + step])
    ]
    return [test for test in dict.fromkeys(found) if run[test] == "passed"][:MOST_BESIDE]


def _spectrum(
    assignment: Assignment,
    targets: tuple[str, ...],
    failing: dict[str, Any],
    sample: dict[str, Any],
    files: tuple[str, ...],
) -> Spectrum:
    red = {test: seen for test, seen in failing["tests"].items() if seen["outcome"] not in GREEN}
    if not red:
        raise Unsuitable("the failing tests pass when each runs alone: nothing to search against")
    lines = _counts(failing["lines"], sample["lines"], assignment.contract.touch)
    green = {test: seen for test, seen in sample["tests"].items() if seen["outcome"] in GREEN}
    quickest = sorted(green, key=lambda test: (green[test]["seconds"], test))
    broken = failing["broken"]
    told = broken[0] if broken else red[min(red)]
    return Spectrum(
        suspicion=suspicions(
            lines, len(red), [seen["frames"] for seen in (*broken, *red.values())]
        ),
        targets=_ordered(failing["tests"], targets),
        covering={
            path: tuple(test for test in quickest if path in green[test]["files"]) for path in lines
        },
        limits_ms={
            test: math.ceil(10_000 * seen["seconds"])
            for test, seen in green.items()
            if seen["seconds"] > 0.015
        },
        files=files,
        executable=tuple(sorted(set(failing["executable"]) & set(lines))),
        error=told["error"],
    )


def _ordered(seen: dict[str, Any], targets: tuple[str, ...]) -> tuple[str, ...]:
    """Those that fail first, quickest first, then those that hang, then those not looked at."""

    def rank(test: str) -> tuple[int, float, str]:
        if test not in seen:
            return 2, 0.0, test
        fails = seen[test]["outcome"] in ("failed", "error")
        return (0 if fails else 1), float(seen[test]["seconds"]), test

    return tuple(sorted(targets, key=rank))


def _counts(
    failing: dict[str, Any], sample: dict[str, Any], touch: tuple[str, ...]
) -> dict[str, dict[int, tuple[int, int]]]:
    """By file and line: how many failing and how many passing tests run it."""
    found: dict[str, dict[int, tuple[int, int]]] = {}
    for path in sorted(failing):
        if may_touch(path, touch):
            passed = sample.get(path, {})
            found[path] = {
                int(line): (counts[0] + counts[1], passed.get(line, (0, 0))[1])
                for line, counts in failing[path].items()
            }
    return found
