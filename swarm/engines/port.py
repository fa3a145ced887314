"""What an engine is to the agent that hosts it: something that works on a contract step by step.

The caller makes each item durable before it asks for the next. An engine that is begun again with
the steps already done goes on behind them; it does no finished step twice. Its sandbox then holds
what it held after the last of them (or at the question that was asked behind it), as far as the engine
said how its tree had changed; where sandboxes are overlays, to the last file, and with the data of
services. Processes are gone, and so is /tmp.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from swarm.domain.bids import Curve
from swarm.domain.changes import Changes
from swarm.domain.evidence import SuiteRun
from swarm.domain.goals import Environment
from swarm.domain.names import TestId
from swarm.domain.tasks import Contract, Finding, Part
from swarm.sandbox.public_api import CLOSED, Limits, Network, Profile, Sandbox


@dataclass(frozen=True, slots=True)
class Done:
    """A step that is behind us: its number and the bytes the engine left in it."""

    number: int
    action: str
    result: bytes


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One finished unit of work (repair: a search stage of at most five seconds)."""

    action: str
    result: bytes
    """What a later `work` needs to go on from here; at most 1 MiB."""

    cost: int
    """Micro-USD."""

    seconds: float
    changes: Changes | None = None
    """The working tree against the base, where the step changed it."""


@dataclass(frozen=True, slots=True)
class Submission:
    """The work is done: these changes over the base, and why they are right."""

    changes: Changes
    title: str
    """One line for a commit: `Fix off-by-one in page count`."""

    why: str
    """A few sentences for the reviewer: what was wrong, what was changed, what is not sure."""

    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """For the human who stated the goal; only what cannot be found out otherwise."""

    text: str
    changes: Changes | None = None
    """The working tree against the base, where it changed since the last step."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """An honest end without a result."""

    reason: str


@dataclass(frozen=True, slots=True)
class Split:
    """The task is too large for one: it had better be done as these. Only for contracts without
    targets that are no parts themselves.
    """

    parts: tuple[Part, ...]
    reason: str


Item = StepTaken | Submission | Question | Split | GaveUp


@dataclass(frozen=True, slots=True)
class Assignment:
    """Everything an engine is given besides its sandbox."""

    contract: Contract
    environment: Environment
    base_run: SuiteRun
    """The suite on the base, as the planner saw it."""

    findings: tuple[Finding, ...] = ()
    """What checks said of an earlier submission for this task; do not submit the same again."""

    refused: tuple[Changes, ...] = ()
    """Submissions of this task that were refused."""

    voided: frozenset[TestId] = frozenset()
    cpu_price: int = 0
    """Micro-USD for one CPU second."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What an engine's sandbox has besides the tree and what the tests need: for most, nothing."""

    profile: Profile = "exec"
    network: Network = CLOSED
    readonly: tuple[Path, ...] = ()
    """Of the host, at their own places: the program that is run."""

    reserved: int = Limits().reserved
    """So many times its memory a process may reserve without using it."""


NOTHING_MORE = Needs()


class Engine(Protocol):
    strategy: str
    family: str

    @property
    def needs(self) -> Needs: ...

    def curves(self) -> tuple[Curve, ...]: ...

    def work(
        self,
        assignment: Assignment,
        sandbox: Sandbox,
        done: tuple[Done, ...],
        guidance: Callable[[], tuple[str, ...]],
        budget: int,
    ) -> AsyncIterator[Item]:
        """Yield steps, then exactly one of Submission, Question, Split, GaveUp.

        After a Question the engine is begun again when a human has answered, with the steps that are
        done; then the answer is among what the first `guidance()` returns.
        `guidance()` returns what humans said since the last call. It belongs to the step that is done
        next: who dies before that hears it again, afterwards nobody does. `budget` is in micro-USD;
        the engine ends with GaveUp before it would spend more.
        """
        ...
