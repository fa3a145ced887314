"""How often the checks err: all together, each kind by itself, and two of them at the same changes."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table

from swarm.actors.public_api import (
    heard_by_check,
    heard_canaries,
    heard_together,
    rates_by_check,
)
from swarm.cli.documents import Json
from swarm.cli.page import plain_table, section
from swarm.cli.session import Session
from swarm.cli.words import lines
from swarm.domain.money import Ppm
from swarm.market.public_api import Canaries, Joint, Rate, measured, shared, shared_between


def errors_view(session: Session) -> RenderableType:
    heard = heard_canaries(session.places)
    alpha, beta = measured(heard, session.settings.alpha_ppm, session.settings.beta_ppm)
    used = (
        f"reckoned with: {_percent(alpha)} wrong ones accepted, {_percent(beta)} right ones refused"
    )
    if not heard.bad and not heard.good:
        return section(
            "The checks", lines([f"{used}: as set, not measured here (swarm market canaries)"])
        )
    seen = (
        f"seen: wrong ones accepted {_seen(heard.bad_accepted, heard.bad, heard.alpha)}; "
        f"right ones refused {_seen(heard.good_refused, heard.good, heard.beta)}"
    )
    alone = _alone(rates_by_check(session.settings), heard_by_check(session.places))
    common = [_common(*each) for each in _sharing(heard_together(session.places))]
    return section("The checks", lines([used, seen]), alone, *([lines(common)] if common else []))


def _alone(rates: Mapping[str, tuple[Ppm, Ppm]], heard: Mapping[str, Canaries]) -> Table:
    """What is reckoned with, and what was seen."""
    table = plain_table(
        "each alone", "wrong ones accepted", "seen", "right ones refused", "seen", whole=True
    )
    for aspect, (alpha, beta) in rates.items():
        known = heard.get(aspect, Canaries())
        wrong = _seen(known.bad_accepted, known.bad, known.alpha)
        right = _seen(known.good_refused, known.good, known.beta)
        table.add_row(aspect, _percent(alpha), wrong, _percent(beta), right)
    return table


def _seen(errors: int, asked: int, interval: Rate) -> str:
    return f"{errors} of {asked}{_between(interval)}" if asked else "not asked: as set"


def _sharing(joints: Mapping[tuple[str, str], Joint]) -> Iterator[tuple[str, str, Joint]]:
    """Those who were seen to miss the same changes more often than by chance."""
    for (first, second), joint in sorted(joints.items()):
        if shared(joint):
            yield first, second, joint


def _common(first: str, second: str, joint: Joint) -> str:
    low, high = shared_between(joint)
    return (
        f"of the {joint.passed} wrong ones that {first} accepted, {second} found {joint.found_of_passed}, by its rate "
        f"{float(joint.expected):.1f}: after {first}, {_percent(shared(joint))} of what it finds is taken off (seen: "
        f"{_percent(low)} to {_percent(high)})"
    )


def errors_document(session: Session) -> Json:
    heard = heard_canaries(session.places)
    alpha, beta = measured(heard, session.settings.alpha_ppm, session.settings.beta_ppm)
    known = heard_by_check(session.places)
    return {
        "alpha_ppm": alpha,
        "beta_ppm": beta,
        "measured": bool(heard.bad or heard.good),
        "set": {"alpha_ppm": session.settings.alpha_ppm, "beta_ppm": session.settings.beta_ppm},
        **_counts(heard),
        "each": {
            aspect: {
                "alpha_ppm": alpha,
                "beta_ppm": beta,
                **_counts(known.get(aspect, Canaries())),
            }
            for aspect, (alpha, beta) in rates_by_check(session.settings).items()
        },
        "together": [
            _joint(*pair, joint) for pair, joint in sorted(heard_together(session.places).items())
        ],
    }


def _counts(heard: Canaries) -> dict[str, Json]:
    return {
        "bad": heard.bad,
        "bad_accepted": heard.bad_accepted,
        "alpha_interval_ppm": _interval(heard.alpha),
        "good": heard.good,
        "good_refused": heard.good_refused,
        "beta_interval_ppm": _interval(heard.beta),
    }


def _joint(first: str, second: str, joint: Joint) -> Json:
    return {
        "first": first,
        "second": second,
        "bad": joint.wrong,
        "accepted_by_first": joint.passed,
        "found_by_second": joint.found,
        "found_of_accepted": joint.found_of_passed,
        "shared_ppm": shared(joint),
        "shared_interval_ppm": list(shared_between(joint)),
    }


def _interval(seen: Rate) -> Sequence[int]:
    return [seen.low, seen.high]


def _between(seen: Rate) -> str:
    return f" ({_percent(seen.low)} to {_percent(seen.high)})"


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.1f} %"
