"""Ask the checks about changes of which it is known whether they are right."""

import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from rich.console import RenderableType

from swarm.actors.public_api import canaries_asked, check_change, heard_canaries, note_canary
from swarm.cli.documents import Json
from swarm.cli.failing import DONE
from swarm.cli.page import section
from swarm.cli.session import Session, open_session
from swarm.cli.words import lines
from swarm.demo.public_api import BAD, GOOD, Canary, write_project
from swarm.market.public_api import Canaries, Rate, measured


def ask_about_canaries(*, count: int, only_next: bool, as_json: bool) -> int:
    """`count` bad and `count` good ones, as many as there are at most; or the one whose turn it is."""
    session = open_session(as_json=as_json)
    asked = tuple(chain.from_iterable(zip(BAD[:count], GOOD[:count], strict=False)))
    if only_next:
        asked = (next_canary(canaries_asked(session.places)),)
    rows = [_ask(session, each) for each in asked]
    heard = heard_canaries(session.places)
    session.show(
        errors_view(session, heard), {"asked": rows, "checks": errors_document(session, heard)}
    )
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


def errors_view(session: Session, heard: Canaries) -> RenderableType:
    alpha, beta = measured(heard, session.settings.alpha_ppm, session.settings.beta_ppm)
    used = (
        f"reckoned with: {_percent(alpha)} wrong ones accepted, {_percent(beta)} right ones refused"
    )
    if not heard.bad and not heard.good:
        told = [f"{used}: as set, not measured here (swarm market canaries)"]
    else:
        told = [
            used,
            f"seen: {heard.bad_accepted} of {heard.bad} wrong ones accepted{_between(heard.alpha)},"
            f" {heard.good_refused} of {heard.good} right ones refused{_between(heard.beta)}",
        ]
    return section("The checks", lines(told))


def errors_document(session: Session, heard: Canaries) -> Json:
    alpha, beta = measured(heard, session.settings.alpha_ppm, session.settings.beta_ppm)
    return {
        "alpha_ppm": alpha,
        "beta_ppm": beta,
        "measured": bool(heard.bad or heard.good),
        "set": {"alpha_ppm": session.settings.alpha_ppm, "beta_ppm": session.settings.beta_ppm},
        "bad": heard.bad,
        "bad_accepted": heard.bad_accepted,
        "alpha_interval_ppm": _interval(heard.alpha),
        "good": heard.good,
        "good_refused": heard.good_refused,
        "beta_interval_ppm": _interval(heard.beta),
    }


def _interval(seen: Rate) -> Sequence[int]:
    return [seen.low, seen.high]


def _between(seen: Rate) -> str:
    return f" ({_percent(seen.low)} to {_percent(seen.high)})"


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.1f} %"
