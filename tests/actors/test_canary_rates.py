"""What the checks said of changes of which it was known whether they are right, kept."""

from pathlib import Path

from swarm.actors.canaries import heard_canaries, note_canary, rates_of
from swarm.actors.places import Places
from swarm.market.public_api import Canaries
from swarm.settings.public_api import load_settings


def test_each_canary_counts_once_by_what_was_said_last(tmp_path: Path) -> None:
    places = Places(tmp_path)
    note_canary(places, "one", good=False, accepted=True)
    note_canary(places, "one", good=False, accepted=False)
    note_canary(places, "two", good=True, accepted=False)
    assert heard_canaries(places) == Canaries(bad=1, good=1, good_refused=1)


def test_lines_of_other_checks_and_half_a_line_count_for_nothing(tmp_path: Path) -> None:
    places = Places(tmp_path)
    note_canary(places, "one", good=False, accepted=True)
    text = places.canaries.read_text()
    places.canaries.write_text(text.replace('"edition":"', '"edition":"x') + text[:20])
    assert heard_canaries(places) == Canaries()


def test_the_market_reckons_with_what_was_set_until_something_is_measured(tmp_path: Path) -> None:
    settings = load_settings({"home": str(tmp_path), "alpha_ppm": "50000"})
    before = rates_of(settings)[0]
    note_canary(Places(tmp_path), "one", good=False, accepted=True)
    assert before == 50_000 < rates_of(settings)[0]
