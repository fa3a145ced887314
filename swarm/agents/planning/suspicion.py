"""Functions ranked by how much better failing tests know them than passing ones do.

The score of a line is Ochiai's, `failed / sqrt(all failed * (failed + passed))` over the tests that
executed it (Abreu, Zoeteweij, van Gemund: On the accuracy of spectrum-based fault localization,
2007); a function is as suspicious as its worst line. Scores are integers in parts per million.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isqrt
from pathlib import PurePosixPath

from swarm.agents.planning.tracing import Coverage, Place
from swarm.domain.money import CERTAIN
from swarm.domain.names import TestId

_TEST_FOLDERS = frozenset({"tests", "test", "testing"})


@dataclass(frozen=True, slots=True)
class Suspect:
    place: Place
    score: int
    """Parts per million."""

    tests: frozenset[TestId]
    """The failing tests that executed its worst line."""

    lines: tuple[int, ...]
    """The lines with that score."""


def suspects(coverage: Coverage, tests: Iterable[TestId]) -> tuple[Suspect, ...]:
    """Source functions that these failing tests executed, the most suspicious first.

    Among equals the one that fewer passing tests know comes first, then by path and line.
    """
    chosen = [test for test in tests if test in coverage.failing]
    found = (_suspect(coverage, place, chosen) for place in _places(coverage, chosen))
    return tuple(sorted(found, key=lambda each: (-each.score, _known(coverage, each), each.place)))


def ochiai(failed: int, passed: int, all_failed: int) -> int:
    """In parts per million; 0 when no failing test was there."""
    if failed == 0:
        return 0
    return CERTAIN * CERTAIN * failed // isqrt(CERTAIN * CERTAIN * all_failed * (failed + passed))


def is_test_file(path: str) -> bool:
    """Tests, their fixtures and their folders: not where a cause is looked for."""
    pure = PurePosixPath(path)
    name = pure.name
    if name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py"):
        return True
    return bool(_TEST_FOLDERS & set(pure.parts[:-1]))


def _places(coverage: Coverage, tests: list[TestId]) -> Iterator[Place]:
    every = {place for test in tests for place in coverage.failing[test].lines}
    return (place for place in every if not is_test_file(place.path))


def _suspect(coverage: Coverage, place: Place, tests: list[TestId]) -> Suspect:
    passed = coverage.passing.get(place, {})
    failed = Counter(line for test in tests for line in coverage.failing[test].lines.get(place, ()))
    scores = {
        line: ochiai(count, passed.get(line, 0), len(tests)) for line, count in failed.items()
    }
    top = max(scores.values(), default=0)
    worst = tuple(sorted(line for line, score in scores.items() if score == top))
    there = frozenset(
        test for test in tests if coverage.failing[test].lines.get(place, frozenset()) & set(worst)
    )
    return Suspect(place, top, there, worst)


def _known(coverage: Coverage, suspect: Suspect) -> int:
    counts = coverage.passing.get(suspect.place, {})
    return max(counts.values(), default=0)
