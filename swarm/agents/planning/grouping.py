"""Failing tests sorted by likely cause.

Greedy set cover: the most suspicious function explains the failing tests that execute its worst line;
what is left is explained by the next. One cause is preferred to two wherever it explains as well.
Causes in one file stay together: two writers in one file are in each other's way.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from swarm.agents.planning.suspicion import Suspect, suspects
from swarm.agents.planning.tracing import Coverage
from swarm.domain.names import TestId

MOST_GROUPS = 8
CANDIDATES = 12
"""Suspects kept of one group."""

NEARLY = 2
"""A function whose score is at least 1/NEARLY of the best may hold the cause as well."""


@dataclass(frozen=True, slots=True)
class Group:
    """Failing tests with, probably, one cause."""

    targets: tuple[TestId, ...]
    suspects: tuple[Suspect, ...] = ()
    """The most suspicious first; empty when nothing is known."""

    @property
    def files(self) -> tuple[str, ...]:
        """Files that may hold the cause, the most suspicious first."""
        return tuple(dict.fromkeys(each.place.path for each in self.suspects))


def grouped(targets: tuple[TestId, ...], coverage: Coverage) -> tuple[Group, ...]:
    """Every target is in one group; at most `MOST_GROUPS`; one group when in doubt."""
    traced = tuple(test for test in targets if test in coverage.failing)
    causes = _joined(_causes(traced, coverage))
    if not causes or len(traced) < len(targets) or len(causes) > MOST_GROUPS:
        return (_group(targets, coverage),)
    ordered = sorted(causes, key=lambda tests: min(targets.index(test) for test in tests))
    return tuple(
        _group(tuple(test for test in targets if test in tests), coverage) for tests in ordered
    )


def _causes(tests: tuple[TestId, ...], coverage: Coverage) -> Mapping[frozenset[TestId], str]:
    """Sets of tests, each with the file of the function that explains it."""
    found: dict[frozenset[TestId], str] = {}
    left = list(tests)
    while left:
        ranked = suspects(coverage, left)
        if not ranked:
            return {}
        found[ranked[0].tests] = ranked[0].place.path
        left = [test for test in left if test not in ranked[0].tests]
    return found


def _joined(causes: Mapping[frozenset[TestId], str]) -> list[frozenset[TestId]]:
    """Causes in the same file together."""
    by_file: dict[str, frozenset[TestId]] = {}
    for tests, path in causes.items():
        by_file[path] = by_file.get(path, frozenset()) | tests
    return list(by_file.values())


def _group(targets: tuple[TestId, ...], coverage: Coverage) -> Group:
    ranked = suspects(coverage, targets)
    likely = [each for each in ranked if each.score * NEARLY >= ranked[0].score]
    return Group(targets, tuple(likely[:CANDIDATES]))
