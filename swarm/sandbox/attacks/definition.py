"""An attack, the ways to try it, what is expected of each mode, and what came of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from swarm.sandbox.attacks.arena import Arena
from swarm.sandbox.attacks.bundle import Program, Seen
from swarm.sandbox.port import SandboxMode

Kind = Literal["blocked", "allowed", "not applicable"]


@dataclass(frozen=True, slots=True)
class Expected:
    """Of a mode. What is allowed is said, with what it means, and not tried."""

    kind: Kind
    why: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.why}" if self.why else self.kind


BLOCKED = Expected("blocked")
Expectations = Mapping[SandboxMode, Expected]


@dataclass(frozen=True, slots=True)
class Control:
    """The same where there are fewer walls: it gets through, or the attempt showed nothing."""

    place: Literal["inside", "outside", "bare"]
    """In the same sandbox, with another target; as an ordinary process of the user's; in a user
    namespace that is thrown away.
    """

    program: Program | None = None
    """None: the same."""

    arguments: tuple[str, ...] | None = None
    unless: str = ""
    """Why it may not get through on some machines."""


@dataclass(frozen=True, slots=True)
class NoControl:
    why: str


@dataclass(frozen=True, slots=True)
class Way:
    """One program that runs inside."""

    name: str
    program: Program
    arguments: tuple[str, ...]
    control: Control | NoControl
    needs: str = ""
    """A path of the host without which there is nothing to attack."""

    expected: Expectations = field(default_factory=dict)
    """Where it differs from its attack's."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """One way that needs somebody outside."""

    name: str
    run: Callable[[Arena], Awaitable[Seen]]
    control: Callable[[Arena], Awaitable[Seen]] | NoControl
    where: str = "where there is no such wall"
    """What the control is: the same there."""

    expected: Expectations = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attack:
    number: int
    name: str
    danger: str
    """What it would mean."""

    ways: tuple[Way | Procedure, ...]
    expected: Expectations = field(default_factory=dict)
    """Modes that are not named: blocked."""

    quick: bool = True
    """All its ways together take less than about a second."""

    def expects(self, way: Way | Procedure, mode: SandboxMode) -> Expected:
        return way.expected.get(mode) or self.expected.get(mode) or BLOCKED


Outcome = Literal["held", "allowed", "broke", "not applicable", "could not be tried"]


@dataclass(frozen=True, slots=True)
class Tried:
    """One way, and what came of it."""

    way: str
    outcome: Outcome
    detail: str = ""
    control: str = ""
    """That it got through elsewhere, or why there is none."""

    control_failed: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    attack: Attack
    mode: SandboxMode
    tried: tuple[Tried, ...]
    seconds: float

    @property
    def outcome(self) -> Outcome:
        """The worst of its ways; what was not applicable counts only when nothing else was tried."""
        found = {each.outcome for each in self.tried}
        order: tuple[Outcome, ...] = ("broke", "could not be tried", "held", "allowed")
        return next((each for each in order if each in found), "not applicable")

    @property
    def as_expected(self) -> bool:
        return self.outcome not in ("broke", "could not be tried")
