"""What the checks said of changes of which it was known whether they are right, kept."""

from pathlib import Path

from swarm.actors.canaries import (
    Errors,
    canaries_asked,
    canary_costs,
    heard_canaries,
    heard_together,
    note_canary,
    rates_by_check,
    rates_of,
)
from swarm.actors.places import Places
from swarm.domain.tasks import Verdict
from swarm.market.public_api import Canaries, Joint
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


def test_a_running_coordinator_reckons_with_what_was_measured_meanwhile(tmp_path: Path) -> None:
    errors = Errors(load_settings({"home": str(tmp_path)}))
    before = errors.alpha
    note_canary(Places(tmp_path), "one", good=False, accepted=True, verdicts={"suite": "yes"})
    assert errors.alpha > before
    assert errors.by_check["suite"][0] > 550_000


def test_each_kind_of_check_has_rates_of_its_own(tmp_path: Path) -> None:
    settings, places = load_settings({"home": str(tmp_path)}), Places(tmp_path)
    before = rates_by_check(settings)
    verdicts: dict[str, Verdict] = {"suite": "no", "static": "yes"}
    note_canary(places, "one", good=False, accepted=False, verdicts=verdicts)
    after = rates_by_check(settings)
    assert after["suite"][0] < before["suite"][0]
    assert after["static"][0] > before["static"][0]
    assert after["behaviour"] == before["behaviour"]


def test_a_question_to_a_person_is_what_went_on_and_refused_nothing(tmp_path: Path) -> None:
    places = Places(tmp_path)
    note_canary(places, "one", good=False, accepted=False, unsure=True)
    note_canary(places, "two", good=True, accepted=False, unsure=True)
    assert heard_canaries(places) == Canaries(bad=1, bad_accepted=1, good=1)


def test_what_canaries_cost_is_kept_whatever_edition_the_checks_were(tmp_path: Path) -> None:
    places = Places(tmp_path)
    note_canary(places, "one", good=True, accepted=True, cost=5)
    places.canaries.write_text(places.canaries.read_text().replace('"edition":"', '"edition":"x'))
    note_canary(places, "two", good=True, accepted=True, cost=6)
    assert canary_costs(places) == (2, 11)
    assert canaries_asked(places) == ("two",)


def test_what_two_checks_said_of_a_wrong_change_is_told_in_either_order(tmp_path: Path) -> None:
    places = Places(tmp_path)
    verdicts: dict[str, Verdict] = {"suite": "yes", "static": "no"}
    note_canary(places, "one", good=False, accepted=False, verdicts=verdicts)
    note_canary(places, "two", good=True, accepted=False, verdicts=verdicts)
    assert heard_together(places) == {
        ("suite", "static"): Joint(wrong=1, passed=1, found=1, found_of_passed=1),
        ("static", "suite"): Joint(wrong=1),
    }
    assert Errors(load_settings({"home": str(tmp_path)})).together == heard_together(places)
