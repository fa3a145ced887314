"""Results that we executed ourselves.

Evidence holds no times and no paths of temporary files: executed again on the same tree in the same
environment, it must come out byte for byte the same. Its hash is what a ballot refers to.
"""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from swarm.domain.canonical import canonical, digest
from swarm.domain.frozen import Frozen
from swarm.domain.names import CommitHash, Digest, TestId, TreeHash
from swarm.domain.tasks import Finding, Verdict

Outcome = Literal[
    "passed", "failed", "error", "skipped", "xfailed", "xpassed", "timeout", "crashed"
]
GREEN: frozenset[Outcome] = frozenset({"passed", "xfailed"})
HARMLESS: frozenset[Outcome] = GREEN | {"skipped", "xpassed"}
"""Nobody has to mend these; a test that passes against its mark is at most a mark to take away."""

EvidenceKind = Literal["suite", "static", "behaviour", "opinion", "cases"]
"""The last two are of models: what they claimed, and what it came to when it was executed."""


class TestOutcome(Frozen):
    test: TestId
    outcome: Outcome


class Printed(Frozen):
    """What a test command's own output says of its tests. Hearsay: whatever is tested can print it too, so
    it may speak against a change, and never for one.
    """

    tests: tuple[TestOutcome, ...] = ()
    """By name, sorted, each once; empty where the tool names none."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        return self.passed + self.failed + self.skipped


class BroughtTest(Frozen):
    """A test that came with the change and passes on its tree."""

    test: TestId
    without: Outcome | None
    """How it ends on the base with nothing of the change but its tests; None: it gives no result there."""


class SuiteRun(Frozen):
    """One execution of a test suite on one tree, sorted by test id."""

    tree: TreeHash
    outcomes: tuple[TestOutcome, ...]
    collected: int
    broken: str = ""
    """Why there are no outcomes (import error, no tests, hung at collection); empty if there are."""

    printed: Printed | None = Field(default=None, exclude_if=lambda value: value is None)
    """Of a plain command whose output tells of its tests."""

    @property
    def named(self) -> dict[TestId, Outcome]:
        """Outcomes of single tests: a plain command's in its own words, where it tells of them."""
        rows = self.outcomes if self.printed is None else self.printed.tests
        return {row.test: row.outcome for row in rows}


class ClaimedCheck(Frozen):
    """The test by which a model wanted to show something: a file, and what stands in it."""

    name: str
    code: str


class Evidence(Frozen):
    kind: EvidenceKind
    base: CommitHash
    tree: TreeHash
    argv: tuple[str, ...]
    environment: Digest
    sandbox_mode: str
    limits: dict[str, int]
    outcomes: tuple[TestOutcome, ...]
    """On the tree."""

    base_outcomes: tuple[TestOutcome, ...]
    """On the base; only ids whose outcome differs, and the targets."""

    targets: tuple[TestId, ...]
    voided: tuple[TestId, ...]
    """Ids that flickered on the base and count for nothing."""

    tools: dict[str, str]
    findings: tuple[Finding, ...]
    verdict: Verdict
    claimed: tuple[ClaimedCheck, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Of a model's claims those that were executed: `outcomes` and `base_outcomes` are theirs. Evidence
    without any has the bytes, and the hash, that it had before there were claims.
    """

    brought: tuple[BroughtTest, ...] = Field(default=(), exclude_if=lambda value: not value)
    printed: Printed | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def hash(self) -> Digest:
        return digest(canonical(self))


class BlockedConnection(Frozen):
    """Something that was tested tried to reach the network, and was refused. All text is an enemy's.

    Told with a report and no part of evidence: whether a thread comes to asking in time is chance.
    """

    host: str = Field(max_length=300)
    port: int
    command: str = Field(default="", max_length=300)
    """What was running."""

    count: int = 1


MOST_BLOCKED = 64


def joined(blocked: Iterable[BlockedConnection]) -> tuple[BlockedConnection, ...]:
    """Each once, with how often it was tried; the first few dozen, sorted."""
    counts: dict[tuple[str, int, str], int] = {}
    for each in blocked:
        key = (each.host, each.port, each.command)
        counts[key] = counts.get(key, 0) + each.count
    rows = sorted(counts.items())[:MOST_BLOCKED]
    return tuple(
        BlockedConnection(host=host, port=port, command=command, count=number)
        for (host, port, command), number in rows
    )


class CheckReport(Frozen):
    """What a tester or reviewer answers: a verdict, what shows it, and what it cost."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    evidence: Digest
    summary: str
    blocked: tuple[BlockedConnection, ...] = ()
    """What tried to reach the network meanwhile."""
