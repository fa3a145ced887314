"""Ask the checks about changes of which it is known whether they are right."""

import tempfile
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from rich.console import RenderableType

from swarm.actors.public_api import check_change, heard_canaries, note_canary
from swarm.cli.documents import Json
from swarm.cli.failing import DONE
from swarm.cli.page import section
from swarm.cli.session import Session, open_session
from swarm.cli.words import lines
from swarm.demo.public_api import BAD, GOOD, Canary, write_project
from swarm.market.public_api import Canaries, Rate, measured


def ask_about_canaries(*, count: int, as_json: bool) -> int:
    """`count` bad and `count` good ones, as many as there are at most."""
    session = open_session(as_json=as_json)
    asked = tuple(chain.from_iterable(zip(BAD[:count], GOOD[:count], strict=False)))
    rows = [_ask(session, each) for each in asked]
    heard = heard_canaries(session.places)
    session.show(
        errors_view(session, heard), {"asked": rows, "checks": errors_document(session, heard)}
    )
    return DONE


def _ask(session: Session, canary: Canary) -> Json:
    with tempfile.TemporaryDirectory(prefix="swarm-canary-") as folder:
        repository, patch = Path(folder) / "timebook", Path(folder) / "canary.patch"
        write_project(repository, canary.bugs)
        patch.write_text(canary.patch(), encoding="utf-8")
        verdict = check_change(
            session.settings, repository=repository, change=str(patch), failing=bool(canary.bug)
        )
    note_canary(session.places, canary.name, good=canary.good, accepted=verdict.accepted)
    right = verdict.accepted == canary.good
    told = f"{'accepted' if verdict.accepted else 'refused'}, {'right' if right else 'wrong'}"
    session.say(f"{canary.name}: {told}", "" if right else "yellow")
    return {"name": canary.name, "good": canary.good, "accepted": verdict.accepted}


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
