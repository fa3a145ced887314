"""Contracts, and what becomes of them: attempts and their steps."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from swarm.domain.frozen import Frozen
from swarm.domain.grants import Grant
from swarm.domain.money import MicroUsd, Ppm
from swarm.domain.names import (
    CommitHash,
    Digest,
    GoalId,
    Principal,
    TaskId,
    TestId,
    TreeHash,
)


class TaskKind(StrEnum):
    PLAN = "plan"
    WRITE = "write"
    TEST = "test"
    REVIEW = "review"


class CheckSubject(Frozen):
    """What a tester or a reviewer is asked about: exactly this tree over exactly this base."""

    base: CommitHash
    base_tree: TreeHash
    tree: TreeHash
    targets: tuple[TestId, ...]
    """Ids that must pass; they did not on the base."""

    touch: tuple[str, ...] = ()
    authors: tuple[Principal, ...]
    """Who may not vote on it."""

    of: TaskId | None
    """The write task that submitted the tree; None for the goal's joined tree."""

    round: int
    grants: tuple[Grant, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Protected places that a person lets the goal change."""

    ballot_subject: Digest | None = None
    """With it, the answer is a signed ballot over this hash; None for a check of one task."""


class Contract(Frozen):
    """What is announced: enough for an agent to price it and to know when it is done."""

    task_id: TaskId
    goal_id: GoalId
    kind: TaskKind
    title: str
    description: str = ""
    targets: tuple[TestId, ...] = ()
    touch: tuple[str, ...] = ()
    """Paths or globs that the change may touch; empty = anything not protected."""

    value: MicroUsd
    budget: MicroUsd
    seconds: int = Field(gt=0)
    """Wall time for one attempt."""

    after: tuple[TaskId, ...] = ()
    difficulty: Ppm = 500_000
    features: dict[str, int] = Field(default_factory=dict)
    """What is visible before work: `targets`, `suspects`, `suspect_lines`, `suite_tests`..."""

    aspect: str = ""
    """Which kind of check: `suite`, `static`, `behaviour`. Empty for plan and write."""

    subject: CheckSubject | None = None
    asked: str = Field(default="", exclude_if=lambda value: not value)
    """Of a check: the goal in the words of the person who stated it, for what only a person may let pass."""


MOST_PARTS = 4
"""So many tasks one may be split into; a part is split no further."""


class Part(Frozen):
    """A piece of a task that was too large for one, as whoever worked on it sees it."""

    title: str = Field(min_length=3, max_length=200)
    description: str = Field(min_length=10, max_length=6_000)


DEPENDENCY = "dependency"
"""The rule of a finding that names what a change brings in that others wrote."""


class Finding(Frozen):
    """Something a check wants changed, with what shows it."""

    rule: str
    message: str
    path: str = ""
    line: int = 0
    test: TestId | None = None
    blocks: bool = True
    """A note for the human when false."""

    @property
    def asks(self) -> bool:
        """The check could not decide, and a person is to: rules of that kind begin with `unsure`."""
        return self.rule.startswith("unsure.")


class Checkpoint(Frozen):
    """What an attempt's world held when a step was done, beside its tree: enough to go back to it.

    Its place in time is the position of the record that it stands in.
    """

    sandbox: str = ""
    """Id of the sandbox's own checkpoint, kept by the machine where it was taken: the tree to the
    last untracked file, and the services' data. Empty where sandboxes are full copies.
    """

    hot: bool = False
    """Something was running, and stood still meanwhile."""

    knowledge: Digest | None = None
    """Blob with the hashes of the facts that were known then."""


class Step(Frozen):
    """One durable unit of an attempt's work. Done once, it is never done again."""

    number: int
    action: str
    """One line a human can read: what was done."""

    result: Digest
    """Blob with what the engine needs to go on from here."""

    cost: MicroUsd = 0
    seconds_ms: int = 0
    tree: TreeHash | None = None
    """The working tree after the step, where it changed."""

    checkpoint: Checkpoint | None = None


AttemptOutcome = Literal[
    "working",
    "submitted",
    "accepted",
    "refused",
    "asked",
    "gave-up",
    "failed",
    "expired",
    "stopped",
    "undone",
]
Verdict = Literal["yes", "no", "unknown"]
