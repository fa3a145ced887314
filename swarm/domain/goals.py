"""What a person asked for."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from swarm.domain.canonical import canonical, digest
from swarm.domain.frozen import Frozen
from swarm.domain.grants import Grant
from swarm.domain.money import MicroUsd
from swarm.domain.names import CommitHash, Digest, GoalId, TreeHash
from swarm.domain.services import ServiceSpec

Runner = Literal["pytest", "unittest", "command"]

_LATER = frozenset({"services", "carried", "origin", "shown"})


class Carried(Frozen):
    """A file below the mount point that no commit has, as it was when the goal began."""

    path: str
    digest: Digest


class Environment(Frozen):
    """What the repository's tests run with."""

    mount_point: str
    """Absolute path of the user's repository; sandboxes show their own tree there."""

    python: str
    """Absolute path of the interpreter."""

    python_version: str
    runner: Runner
    runner_version: str
    command: tuple[str, ...]
    """The test command as an argv; for pytest without `-p`/report options of ours."""

    binds: tuple[str, ...] = ()
    """Untracked paths below `mount_point` that tests need, shown read-only (`.venv`)."""

    carried: tuple[Carried, ...] = ()
    """Ignored files of the user's that tests need (a generated `_version.py`), shown read-only."""

    origin: str = ""
    """Where the interpreter comes from, for people."""

    shown: tuple[str, ...] = ()
    """What a built environment needs to be shown of the host, decided when it was built: what the
    environment says of itself counts for nothing then."""

    services: tuple[ServiceSpec, ...] = ()
    """Run beside the tests, in the same sandbox."""

    @property
    def hash(self) -> Digest:
        """What came to be a field later counts where it is used: older evidence keeps its hash."""
        plain = self.model_dump(mode="json")
        used = {name: value for name, value in plain.items() if value or name not in _LATER}
        return digest(canonical(used))


class GoalStatus(StrEnum):
    QUEUED = "queued"
    PLANNING = "planning"
    RUNNING = "running"
    PAUSED = "paused"
    WAITING = "waiting"
    """For a human's answer; what does not depend on it goes on."""

    DONE = "done"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset({GoalStatus.DONE, GoalStatus.FAILED, GoalStatus.BLOCKED, GoalStatus.CANCELLED})


SandboxChoice = Literal[
    "isolated", "idmapped", "namespaces", "shared-proc", "landlock", "unsafe-worktree"
]
"""The walls that a goal is worked on behind, never less. `isolated`: `namespaces`, as older goals
call it.
"""


PushTo = Literal["repository", "click", "fork", "anyway"]
"""Where a goal's branch goes at a forge, whose CI runs what is pushed to a repository with that
repository's secrets. `repository`: there, and nowhere if its workflows would do that. `click`: then a
person who may write says so first, for this very commit. `fork`: to a fork, which has no secrets.
`anyway`: there, whatever its workflows do.
"""


class Tracker(Frozen):
    """The issue of a forge that a goal came from; its pull request goes to the same repository."""

    api: str
    """Where the forge's interface is, e.g. `https://api.github.com`."""

    repository: str
    """`owner/name`, as it was called then."""

    repository_id: int
    """What it is known by when it is renamed."""

    clone: str
    """Where git finds it: `https://github.com/owner/name.git`."""

    issue: int
    approved: Digest
    """SHA-256 of the title and body that a person has approved: an edit revokes it."""

    approver: str

    private: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether the repository was private then. One that was made public since is asked about again."""

    push: PushTo = Field(default="repository", exclude_if=lambda value: value == "repository")
    fork: str = Field(default="", exclude_if=lambda value: not value)
    """`owner/name` of the fork; empty: the one of the account that swarm comes as."""

    def page_of(self, number: int) -> str:
        """Where people see a pull request."""
        return f"{self.clone.removesuffix('.git')}/pull/{number}"


class Goal(Frozen):
    """One request against one repository at one commit. Ends in at most one open pull request."""

    goal_id: GoalId
    text: str = Field(max_length=200_000)
    repository: str
    base: CommitHash
    base_tree: TreeHash
    environment: Environment
    fix_failing: bool = False
    value: MicroUsd
    """What a merged result is worth to the user."""

    wrong_cost: MicroUsd
    """What accepting a wrong result costs: minutes of review at the user's price."""

    budget: MicroUsd
    seconds: int
    """Wall time for the whole goal."""

    writers: int = Field(ge=1)
    """At most so many writers work at the same time."""

    sandbox: SandboxChoice = "isolated"
    rule: str = "market"
    """Who tries what: `market`, or a fixed rule to compare it with (`single:AGENT`, ...)."""

    tracker: Tracker | None = Field(default=None, exclude_if=lambda value: value is None)
    """None: pull requests of this goal go to the embedded forge. Then it is no part of the goal's
    hash, which older certificates name.
    """

    grants: tuple[Grant, ...] = Field(default=(), exclude_if=lambda value: not value)
    """Protected places that a person lets this goal change; none is the same as never heard of."""

    def wrong_share(self, value: MicroUsd) -> MicroUsd:
        """What a wrong result costs for a task of this value: its share, as the value is a share."""
        return self.wrong_cost * value // max(self.value, 1)
