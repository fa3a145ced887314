"""What the checks said of changes of which it was known whether they are right, kept in the state folder.

A measurement of this machine's checks and nothing of any goal, so it is a file of lines beside the journal.
Clearings record the rates that they used, so no fold depends on it. Lines of another edition of the checks,
and one that was cut short, count for nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

from pydantic import Field, ValidationError

from swarm.actors.places import Places
from swarm.domain.frozen import Frozen
from swarm.domain.money import MicroUsd, Ppm
from swarm.domain.tasks import Verdict
from swarm.market.public_api import Canaries, Joint, Joints, measured
from swarm.settings.public_api import Settings

PRIORS: Mapping[str, tuple[Ppm, Ppm]] = {
    "suite": (550_000, 10_000),
    "static": (700_000, 10_000),
    "behaviour": (600_000, 30_000),
    "opinion": (400_000, 20_000),
    "cases": (400_000, 20_000),
}
"""Alpha and beta of each check alone until canaries were asked about: of the planted changes in
docs/checking.md, rounded; of those that ask a model a judgement: their no needs a check that passes on the
base and fails on the change, so it is seldom wrong; and its alpha is what it may be at best, so that one
is asked until canaries say that it is not worth its price.
"""


class CanaryRow(Frozen):
    edition: str
    name: str
    good: bool
    accepted: bool
    verdicts: dict[str, Verdict] = Field(default_factory=dict)
    """By aspect."""

    unsure: bool = False
    """Nothing was against it, and a person was asked to look."""

    cost: MicroUsd = 0
    """Of the processor's time."""

    at: int = 0
    """Milliseconds since 1970; 0 where nobody noted it."""


def note_canary(
    places: Places,
    name: str,
    *,
    good: bool,
    accepted: bool,
    verdicts: Mapping[str, Verdict] | None = None,
    unsure: bool = False,
    cost: MicroUsd = 0,
    at: int = 0,
) -> None:
    row = CanaryRow(
        edition=_edition(),
        name=name,
        good=good,
        accepted=accepted,
        verdicts=dict(verdicts or {}),
        unsure=unsure,
        cost=cost,
        at=at,
    )
    places.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with places.canaries.open("a", encoding="utf-8") as file:
        file.write(row.model_dump_json() + "\n")


def heard_canaries(places: Places) -> Canaries:
    """Each canary counts once, by what was said of it last. A question to a person refuses nothing: what
    is asked about goes on to a pull request, with the question in it.
    """
    last = {row.name: row for row in _rows(places)}
    found = Canaries()
    for row in last.values():
        found = found.heard(good=row.good, accepted=row.accepted or row.unsure)
    return found


def heard_by_check(places: Places) -> dict[str, Canaries]:
    """The same of each kind of check alone: what it did not refuse it has accepted."""
    last = {row.name: row for row in _rows(places)}
    found: dict[str, Canaries] = {}
    for row in last.values():
        for aspect, verdict in row.verdicts.items():
            known = found.get(aspect, Canaries())
            found[aspect] = known.heard(good=row.good, accepted=verdict != "no")
    return found


def heard_together(places: Places) -> Joints:
    """What each two kinds of checks said of the same wrong changes, in either order."""
    last = {row.name: row for row in _rows(places)}
    found: dict[tuple[str, str], Joint] = {}
    for row in last.values():
        if not row.good:
            for pair in permutations(row.verdicts, 2):
                passed, finds = row.verdicts[pair[0]] != "no", row.verdicts[pair[1]] == "no"
                found[pair] = found.get(pair, Joint()).heard(passed=passed, found=finds)
    return found


def canaries_asked(places: Places) -> tuple[str, ...]:
    """Names, in the order that they were asked about."""
    return tuple(row.name for row in _rows(places))


def canary_costs(places: Places) -> tuple[int, MicroUsd]:
    """How many canaries were asked about in all, and what that cost."""
    rows = list(_all_rows(places))
    return len(rows), sum(row.cost for row in rows)


def rates_by_check(settings: Settings) -> dict[str, tuple[Ppm, Ppm]]:
    """Alpha and beta of each kind of check alone, corrected by what was measured here."""
    heard = heard_by_check(Places(settings.home))
    return {
        aspect: measured(heard.get(aspect, Canaries()), alpha, beta)
        for aspect, (alpha, beta) in PRIORS.items()
    }


def rates_of(settings: Settings) -> tuple[Ppm, Ppm]:
    """Alpha and beta as the market reckons with them: as set, corrected by what was measured."""
    heard = heard_canaries(Places(settings.home))
    return measured(heard, settings.alpha_ppm, settings.beta_ppm)


@dataclass(frozen=True, slots=True)
class _Known:
    stamp: tuple[int, int]
    alpha: Ppm
    beta: Ppm
    by_check: Mapping[str, tuple[Ppm, Ppm]]
    together: Joints


@dataclass(slots=True)
class Errors:
    """How often the checks err, read anew when the file of canaries has changed."""

    settings: Settings
    _known: _Known | None = None

    @property
    def alpha(self) -> Ppm:
        return self._now().alpha

    @property
    def beta(self) -> Ppm:
        return self._now().beta

    @property
    def by_check(self) -> Mapping[str, tuple[Ppm, Ppm]]:
        return self._now().by_check

    @property
    def together(self) -> Joints:
        return self._now().together

    def _now(self) -> _Known:
        places = Places(self.settings.home)
        stamp = _stamp_of(places.canaries)
        if self._known is None or self._known.stamp != stamp:
            rates = rates_of(self.settings)
            by_check, together = rates_by_check(self.settings), heard_together(places)
            self._known = _Known(stamp, *rates, by_check, together)
        return self._known


def _stamp_of(file: Path) -> tuple[int, int]:
    try:
        told = file.stat()
    except FileNotFoundError:
        return 0, 0
    return told.st_mtime_ns, told.st_size


def _rows(places: Places) -> Iterator[CanaryRow]:
    now = _edition()
    return (row for row in _all_rows(places) if row.edition == now)


def _all_rows(places: Places) -> Iterator[CanaryRow]:
    text = places.canaries.read_text(encoding="utf-8") if places.canaries.is_file() else ""
    for line in text.splitlines():
        try:
            yield CanaryRow.model_validate_json(line)
        except ValidationError:
            continue


def _edition() -> str:
    """Of the checks themselves, which the coordinator's process has no other need to read."""
    from swarm.agents.public_api import edition

    return edition()
