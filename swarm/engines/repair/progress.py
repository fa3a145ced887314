"""What a search knows so far, as the result of a step, and what follows from it.

Positions in the list of candidates mean the same in every run, because the list depends on the
sources and on what is recorded here.
"""

from typing import Any, Literal

from pydantic import Field

from swarm.domain.frozen import Frozen

Phase = Literal["first", "slow", "cold", "pairs", "over"]
"""first: all candidates with little time each; slow: those that ran out of it; cold: those that
need a process of their own; pairs: two candidates at once."""


class PlannedEdit(Frozen):
    start: int
    end: int
    text: str


class Plausible(Frozen):
    """A candidate that passes the failing tests and those that run the same file."""

    path: str
    line: int
    label: str
    index: int
    size: int
    """How many words the change takes away or adds; numbers and strings of its own count more."""

    special: bool
    """It has literals that stand in the tests and not in the file."""

    edits: tuple[PlannedEdit, ...]


class Weighed(Frozen):
    """What a plausible change does where no test looks, in parts per million of the calls made.

    The calls are those of the changed functions that tests make, and others next to them.
    """

    recorded: int
    """Calls made by passing tests that come to something else than on the base."""

    near: int
    """Calls next to these that do."""

    odd: int
    """Calls that come to a kind of result, or an exception, that neither the base nor a failing test
    gives a reason for."""

    agreeing: int
    """Of the calls in which plausible changes differ, those in which it comes to the same as another
    one of another kind or place, on average."""

    @property
    def reach(self) -> int:
        """How much it changes where no failing test asked for it."""
        return self.recorded + self.near


class SeenTypes(Frozen):
    """Names of the types that were observed in one file, for the worker."""

    expressions: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    variables: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    attributes: dict[str, dict[str, tuple[str, ...]]] = Field(default_factory=dict)


class Spectrum(Frozen):
    """What localisation found."""

    suspicion: dict[str, dict[int, int]]
    """By file and line, in parts per million."""

    imported: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Those of these lines, by file, that run only while the file is imported: no live function shows what
    a change of them does."""

    targets: tuple[str, ...]
    """The failing tests, quickest first."""

    covering: dict[str, tuple[str, ...]]
    """Passing tests that run a file, quickest first."""

    limits_ms: dict[str, int]
    """Time that a test may take in the first round, where it needs more than the least."""

    files: tuple[str, ...]
    """Test files of all of these tests."""

    executable: tuple[str, ...] = ()
    """Suspicious files that carry the executable bit."""

    broken: bool = False
    """The failing tests could not even be collected: whatever is tried needs a fresh process."""

    elsewhere: bool = False
    """The failing tests run the project in processes that they start: each change needs a whole run."""

    names: dict[str, str] = Field(default_factory=dict)
    """What pytest calls the tests of the base run, where the runner names them otherwise."""

    error: str = ""
    """What the first failing test said."""

    seen_types: dict[str, SeenTypes] = Field(default_factory=dict)
    """By file."""

    def alive(self) -> dict[str, dict[int, int]]:
        """The suspicions without the lines that run only while files are imported."""
        return {
            path: {
                line: ppm for line, ppm in lines.items() if line not in self.imported.get(path, ())
            }
            for path, lines in self.suspicion.items()
        }


class Spare(Frozen):
    """An edit that turned some of the failing tests green, and which."""

    edit: Plausible
    greened: tuple[str, ...]
    standing: int = 0
    """What speaks against it, among the others that turned the same test green."""

    rank: int = 0
    """How many of these come before it."""

    results: tuple[str, ...] = ()
    """What the calls that these answer differently come to with it; see `Paired.contested`."""

    lesser: bool = False
    """Another one turns more green: it is only tried as that one's rival, for less speaks against it."""


class Held(Frozen):
    """A complete repair whose rivals are looked for."""

    first: Spare
    known: "Progress"
    most: int
    """So many candidates are tried for a rival."""

    beaten: tuple[Spare, ...] = ()
    """First edits of complete repairs against which more speaks."""


class Paired(Frozen):
    """Where a repair by two edits stands, each of which turns other failing tests green."""

    aims: tuple[str, ...]
    """Failing tests that a first edit has not been looked for yet, in this order."""

    first: Spare | None = None
    """Made already; while there is none, one is looked for that turns the first aim green."""

    spares: tuple[Spare, ...] = ()
    """What could have been the first one instead."""

    whole: bool = False
    """What is looked for now is to turn everything green that still fails."""

    half: Spare | None = None
    """The first edit that turned most green until now."""

    contested: tuple[tuple[str, str], ...] = ()
    """Calls that possible first edits answer differently, and what they came to before."""

    held: Held | None = None
    settled: bool = False
    """What is held has been given its rivals."""

    executable: tuple[str, ...] = ()
    tried: int = 0
    """Candidates of the rounds before this one."""

    @property
    def greened(self) -> tuple[str, ...]:
        return self.first.greened if self.first is not None else ()


class Pinned(Frozen):
    """A new test that fails on the base and passes with the chosen patch."""

    path: str
    text: str


PASSED_OVER = 25
"""Candidates that a killed round may have been at."""


MOST_SETBACKS = 4
"""Rounds that may be killed as a whole before a phase is given up."""


class Progress(Frozen):
    spectrum: Spectrum
    phases: tuple[Phase, ...] = ("first", "slow", "over")
    """What this strategy goes through, in this order."""

    phase: Phase = "first"
    cursor: int = 0
    total: int = 0
    tried: int = 0
    slow: tuple[int, ...] = ()
    promising: tuple[int, ...] = ()
    """Those of them that turned a failing test green before their time was over."""

    slow_stages: int = 3
    """Stages left for candidates that ran out of time; most of them never end."""

    cold_stages: int = 6
    """Stages left for candidates in fresh processes, where functions of the project run as well: so few a
    second are tried that other strategies come further in the time.
    """

    setbacks: int = MOST_SETBACKS
    """Rounds that may still be killed as a whole before a phase is given up."""

    partial: tuple[tuple[int, int], ...] = ()
    seen: tuple[str, ...] = ()
    """Fingerprints of what was tried; a candidate that does the same is passed over."""

    planned: str | None = None
    """The candidates in their order, packed by the worker."""

    plausible: tuple[Plausible, ...] = ()
    patience: int = 2
    """Stages left to look for a better patch, once there is a plausible one."""

    enough_at: int | None = None
    """When the cursor is here, a patch that little speaks against has been given its rivals."""

    weighed: tuple[Weighed | None, ...] = ()
    """One for each of `plausible`, as far as they have been compared; None where there is no telling."""

    contested: tuple[tuple[str, ...], ...] = ()
    """Calls that plausible patches answer differently: the call, what it came to before, and what it comes
    to with each of them, as a person is shown it; empty where it was not asked.
    """

    paired: Paired | None = None
    """Where a repair by two edits stands; None where one is looked for."""

    confirmed: tuple[int, ...] = ()
    unconfirmed: tuple[int, ...] = ()
    """Positions in `plausible` that a whole run has settled."""

    pinned: dict[int, Pinned | None] = Field(default_factory=dict)
    """By position of a confirmed patch: its own test; None where there is none."""

    @property
    def greened(self) -> tuple[str, ...]:
        """Failing tests that edits made before have turned green."""
        return self.paired.greened if self.paired is not None else ()


class Searched(Frozen):
    """The worker's answer to one round of search."""

    tried: int
    invalid: int
    same: int
    plausible: tuple[Plausible, ...]
    slow: tuple[int, ...]
    promising: tuple[int, ...] = ()
    partial: tuple[tuple[int, int], ...]
    seen: tuple[str, ...]
    enough_at: int | None = None
    behind: int
    """So many of the positions that were asked for are settled."""

    total: int


def after(progress: Progress, found: Searched) -> Progress:
    """What is known after one more round."""
    known = {each.index for each in progress.plausible if progress.phase == "slow"}
    # Of several processors one may have been ahead of where the round is gone on with.
    plausible = progress.plausible + tuple(p for p in found.plausible if p.index not in known)
    slow = progress.slow[found.behind :] if progress.phase == "slow" else progress.slow + found.slow
    cursor = progress.cursor if progress.phase == "slow" else progress.cursor + found.behind
    here = slow if progress.phase == "slow" else range(cursor, found.total)
    moved = progress.model_copy(
        update={
            "tried": progress.tried + found.tried,
            "total": found.total,
            "plausible": plausible,
            "patience": _patience(progress, found) if plausible else progress.patience,
            "enough_at": found.enough_at,
            "slow": slow,
            "promising": progress.promising + found.promising,
            "slow_stages": progress.slow_stages - (progress.phase == "slow"),
            "cold_stages": progress.cold_stages - (progress.phase == "cold"),
            "cursor": cursor,
            "partial": progress.partial + found.partial,
            "seen": progress.seen + found.seen,
        }
    )
    if here and _is_patient(moved):
        return moved
    # Later phases cost more and promise less: what there is now is not waited over.
    return _next_phase(moved.model_copy(update={"patience": 0} if plausible else {}))


def _is_patient(progress: Progress) -> bool:
    if progress.phase == "cold":
        return progress.phases[0] == "cold" or progress.cold_stages > 0  # or there is no other
    return progress.phase != "slow" or progress.slow_stages > 0


def _patience(progress: Progress, found: Searched) -> int:
    """Stages left once something was found; one in fresh processes counts for all of them."""
    behind = progress.cursor + found.behind
    enough = found.enough_at is not None and behind >= found.enough_at
    over = progress.phase == "cold" or (progress.phase == "first" and enough)
    return 0 if over else progress.patience - 1


def setback(progress: Progress, said: dict[str, Any]) -> Progress:
    """What is known after a round that was killed: what it said until then, and where not to go on.

    The candidates it was at are passed over; after some such rounds the phase is.
    """
    told = {key: value for key, value in said.items() if key in Searched.model_fields}
    known = after(progress, Searched.model_validate(told)) if told else progress
    if known.phase != progress.phase:
        return known
    left = known.setbacks - 1
    if left <= 0:
        return _next_phase(known.model_copy(update={"setbacks": MOST_SETBACKS}))
    if known.phase == "slow":
        return known.model_copy(update={"setbacks": left, "slow": known.slow[1:]})
    return known.model_copy(update={"setbacks": left, "cursor": known.cursor + PASSED_OVER})


def _next_phase(progress: Progress) -> Progress:
    following = progress.phases[progress.phases.index(progress.phase) + 1]
    first = set(progress.promising)
    slow = tuple(sorted(progress.slow, key=lambda index: index not in first))
    update = {"phase": following, "cursor": 0, "total": 0, "slow": slow}
    moved = progress.model_copy(update=update)
    return _next_phase(moved) if following == "slow" and not progress.slow else moved
