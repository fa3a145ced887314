"""How likely each line is to be wrong, from which failing and which passing tests run it.

The formula is Ochiai's: failed / sqrt(all failing x (failed + passed)), where `failed` and `passed`
count the tests that run the line (Abreu, Zoeteweij, van Gemund, "On the Accuracy of Spectrum-based
Fault Localization", 2007). Lines in the traceback of a failing test count as at least as suspicious
as a line that only failing tests run does, less for each frame further out.
"""

import math
from collections.abc import Iterable, Mapping

CERTAIN = 1_000_000
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
    return {
        path: {line: round(value * CERTAIN) for line, value in numbers.items()}
        for path, numbers in found.items()
        if numbers
    }
