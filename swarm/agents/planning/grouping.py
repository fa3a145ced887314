"""Failing tests sorted by likely cause.

Greedy set cover: the most suspicious function explains the failing tests that execute its worst line;
what is left is explained by the next. One cause is preferred to two wherever it explains as well.
Causes in one file stay together: two writers in one file are in each other's way.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from swarm.agents.planning.suspicion import Suspect, suspects
from swarm.agents.planning.tracing import Coverage
from swarm.domain.names import TestId, function_of

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
    """Every target is in one group; at most `MOST_GROUPS`; one group when in doubt.

    A case of a test that was not traced goes with the traced ones of the same test.
    """
    traced = tuple(test for test in targets if test in coverage.failing)
    parts = _causes(traced, coverage)
    causes = _adopted(_joined(parts), targets)
    if not causes or len(causes) > MOST_GROUPS:
        return (_group(targets, coverage),)
    ordered = sorted(causes, key=lambda tests: min(targets.index(test) for test in tests))
    return tuple(
        _group(
            tuple(test for test in targets if test in tests),
            coverage,
            [each for each in parts if each <= tests],
        )
        for tests in ordered
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


def _adopted(
    causes: Sequence[frozenset[TestId]], targets: Iterable[TestId]
) -> list[frozenset[TestId]]:
    """With every target in the first cause that holds a case of the same test; nothing where one
    belongs nowhere.
    """
    homes = {
        function_of(test): at for at, tests in reversed([*enumerate(causes)]) for test in tests
    }
    joined = [set(tests) for tests in causes]
    known = {test for tests in causes for test in tests}
    for test in (test for test in targets if test not in known):
        home = homes.get(function_of(test))
        if home is None:
            return []
        joined[home].add(test)
    return [frozenset(tests) for tests in joined]


def spread(tests: Iterable[TestId]) -> list[TestId]:
    """The first case of every test, then the second of every test, and so on."""
    seen: Counter[str] = Counter()
    ranked = []
    for at, test in enumerate(tests):
        seen[function_of(test)] += 1
        ranked.append((seen[function_of(test)], at, test))
    return [test for _, _, test in sorted(ranked)]


def _group(
    targets: tuple[TestId, ...], coverage: Coverage, parts: Sequence[frozenset[TestId]] = ()
) -> Group:
    """`parts`: causes that were put together for they lie in one file; the first suspect of each is kept,
    however few of the tests it explains.
    """
    ranked = suspects(coverage, targets)
    likely = [each for each in ranked if each.score * NEARLY >= ranked[0].score]
    firsts = {suspects(coverage, part)[0].place for part in parts}
    kept = [*(each for each in ranked if each.place in firsts), *likely]
    first = sorted(dict.fromkeys(kept[:CANDIDATES]), key=ranked.index) if len(parts) > 1 else likely
    return Group(targets, tuple(first[:CANDIDATES]))
