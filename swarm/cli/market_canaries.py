"""Ask the checks about changes of which it is known whether they are right."""

import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from swarm.actors.public_api import canaries_asked, note_canary
from swarm.actors.working_api import check_change
from swarm.cli.documents import Json
from swarm.cli.failing import DONE
from swarm.cli.market_checks import errors_document, errors_view
from swarm.cli.session import Session, open_session
from swarm.demo.public_api import BAD, GOOD, Canary, write_project


def ask_about_canaries(*, count: int, only_next: bool, as_json: bool) -> int:
    """`count` bad and `count` good ones, as many as there are at most; or the one whose turn it is."""
    session = open_session(as_json=as_json)
    asked = tuple(chain.from_iterable(zip(BAD[:count], GOOD[:count], strict=False)))
    if only_next:
        asked = (next_canary(canaries_asked(session.places)),)
    rows = [_ask(session, each) for each in asked]
    session.show(errors_view(session), {"asked": rows, "checks": errors_document(session)})
    return DONE


def next_canary(asked: Sequence[str]) -> Canary:
    """Who was asked about least often, and of those longest ago; wrong and right ones in turn."""
    order = tuple(chain.from_iterable(zip(BAD, GOOD, strict=True)))
    last = {name: place for place, name in enumerate(asked)}
    return min(order, key=lambda each: (asked.count(each.name), last.get(each.name, -1)))


def _ask(session: Session, canary: Canary) -> Json:
    # Nothing that the checks see tells it from a change that somebody asked about.
    with tempfile.TemporaryDirectory(prefix="swarm-") as folder:
        repository, patch = Path(folder) / "timebook", Path(folder) / "change.patch"
        write_project(repository, canary.bugs)
        patch.write_text(canary.patch(), encoding="utf-8")
        verdict = check_change(
            session.settings, repository=repository, change=str(patch), failing=bool(canary.bug)
        )
    note_canary(
        session.places,
        canary.name,
        good=canary.good,
        accepted=verdict.accepted,
        verdicts={aspect: report.verdict for aspect, report in verdict.reports.items()},
        unsure=verdict.unsure,
        cost=verdict.cost,
        at=session.now(),
    )
    right = verdict.accepted == canary.good
    said = "accepted" if verdict.accepted else "unsure" if verdict.unsure else "refused"
    told = f"{said}, {'right' if right else 'wrong'}"
    session.say(f"{canary.name}: {told}", "" if right else "yellow")
    return {
        "name": canary.name,
        "good": canary.good,
        "accepted": verdict.accepted,
        "unsure": verdict.unsure,
        "cost": verdict.cost,
    }
