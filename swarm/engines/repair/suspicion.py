"""How likely each line is to be wrong, from which failing and which passing tests run it.

The formula is Ochiai's: failed / sqrt(all failing x (failed + passed)), where `failed` and `passed`
count the tests that run the line (Abreu, Zoeteweij, van Gemund, "On the Accuracy of Spectrum-based
Fault Localization", 2007). Lines in the traceback of a failing test count as at least as suspicious
as a line that only failing tests run does, less for each frame further out.
"""

import math
from collections.abc import Iterable, Mapping

CERTAIN = 1_000_000
MOST_LINES = 1200
"""More are never reached by a search of some minutes."""
_TRACEBACK = (1.0, 0.8, 0.6)
"""Floors for the innermost frames of the project, innermost first."""


def ochiai(failing: int, failed: int, passed: int) -> float:
    if failing == 0 or failed == 0:
        return 0.0
    return failed / math.sqrt(failing * (failed + passed))


def suspicions(
    lines: Mapping[str, Mapping[int, tuple[int, int]]],
    failing: int,
    frames: Iterable[Iterable[tuple[str, int]]],
) -> dict[str, dict[int, int]]:
    """By file and line in parts per million; lines that no failing test runs are left out."""
    found: dict[str, dict[int, float]] = {
        path: {line: ochiai(failing, *counts) for line, counts in numbers.items() if counts[0]}
        for path, numbers in lines.items()
    }
    for trace in frames:
        inside = [frame for frame in trace if frame[0] in found]
        for floor, (path, line) in zip(_TRACEBACK, reversed(inside), strict=False):
            found[path][line] = max(found[path].get(line, 0.0), floor)
    return _worst(found)


def _worst(found: Mapping[str, Mapping[int, float]]) -> dict[str, dict[int, int]]:
    """The lines that are worth a search, in parts per million."""
    every = [(-value, path, line) for path, each in found.items() for line, value in each.items()]
    kept: dict[str, dict[int, int]] = {}
    for value, path, line in sorted(every)[:MOST_LINES]:
        kept.setdefault(path, {})[line] = round(-value * CERTAIN)
    return {path: dict(sorted(numbers.items())) for path, numbers in sorted(kept.items())}
