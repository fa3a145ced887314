"""What patches that pass some tests do to others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swarm.engines.repair.worker.children import Tell, in_child, limit_cpu, own_memory, patience
from swarm.engines.repair.worker.comparing import Variant, loaded, variant_of
from swarm.engines.repair.worker.suite import GREEN, Suite


def recheck(suite: Suite, request: dict[str, Any]) -> dict[str, Any]:
    """Positions of the patches with which all of the request's tests pass."""
    tests = [each for each in request["tests"] if each in suite.items]
    memory = own_memory() + request["memory_bytes"]
    passing = []
    for k, variant in enumerate(_variants(request)):
        lines = _ran(suite, variant, tests, request["limit"], memory)
        # What cannot be shown by patching is for a whole run to tell.
        if variant is None or not lines or all(line in GREEN for line in lines):
            passing.append(k)
    return {"passing": passing}


def greens(suite: Suite, request: dict[str, Any]) -> dict[str, Any]:
    """For each patch those of the request's tests that pass with it."""
    asked = [each for each in request["tests"] if each in suite.items]
    memory = own_memory() + request["memory_bytes"]
    found = []
    for variant in _variants(request):
        green: list[str] = []
        left = asked if variant is not None else []
        while left:
            lines = _ran(suite, variant, left, request["limit"], memory)
            green += [left[k] for k, line in enumerate(lines) if line in GREEN]
            left = left[len(lines) + 1 :]  # the one that told nothing ended its process
        found.append(green)
    return {"greens": found}


def _variants(request: dict[str, Any]) -> Iterator[Variant | None]:
    sources, _, modules = loaded(request)
    for each in request["plausible"]:
        yield variant_of(each, sources, modules)


def _ran(
    suite: Suite, variant: Variant | None, tests: list[str], limit: float, memory: int
) -> list[str]:
    """Outcomes of the tests one after the other, until one of them ends its process."""

    def work(tell: Tell) -> None:
        if variant is not None and variant.put():
            for test in tests:
                limit_cpu(limit)
                outcome = suite.run(test)
                limit_cpu(0)
                tell(outcome)

    return in_child(work, patience(limit), memory).lines
