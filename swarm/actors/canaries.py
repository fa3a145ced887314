"""What the checks said of changes of which it was known whether they are right, kept in the state folder.

A measurement of this machine's checks and nothing of any goal, so it is a file of lines beside the journal.
Clearings record the rates that they used, so no fold depends on it. Lines of another edition of the checks,
and one that was cut short, count for nothing.
"""

from collections.abc import Iterator

from pydantic import ValidationError

from swarm.actors.places import Places
from swarm.agents.public_api import edition
from swarm.domain.frozen import Frozen
from swarm.domain.money import Ppm
from swarm.market.public_api import Canaries, measured
from swarm.settings.public_api import Settings


class CanaryRow(Frozen):
    edition: str
    name: str
    good: bool
    accepted: bool


def note_canary(places: Places, name: str, *, good: bool, accepted: bool) -> None:
    row = CanaryRow(edition=edition(), name=name, good=good, accepted=accepted)
    places.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with places.canaries.open("a", encoding="utf-8") as file:
        file.write(row.model_dump_json() + "\n")


def heard_canaries(places: Places) -> Canaries:
    """Each canary counts once, by what was said of it last."""
    last = {row.name: row for row in _rows(places)}
    found = Canaries()
    for row in last.values():
        found = found.heard(good=row.good, accepted=row.accepted)
    return found


def rates_of(settings: Settings) -> tuple[Ppm, Ppm]:
    """Alpha and beta as the market reckons with them: as set, corrected by what was measured."""
    heard = heard_canaries(Places(settings.home))
    return measured(heard, settings.alpha_ppm, settings.beta_ppm)


def _rows(places: Places) -> Iterator[CanaryRow]:
    now = edition()
    text = places.canaries.read_text(encoding="utf-8") if places.canaries.is_file() else ""
    for line in text.splitlines():
        try:
            row = CanaryRow.model_validate_json(line)
        except ValidationError:
            continue
        if row.edition == now:
            yield row
