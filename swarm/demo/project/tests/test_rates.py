from datetime import date

import pytest

from timebook.entries import Entry
from timebook.rates import Rate, RateCard, Surcharges

WEDNESDAY = date(2024, 3, 6)
FRIDAY = date(2024, 3, 8)
SATURDAY = date(2024, 3, 9)

RATES = [
    Rate("acme", 9000, date(2024, 1, 1)),
    Rate("acme", 9600, date(2024, 3, 1)),
    Rate("acme/ops", 12_000, date(2024, 1, 1)),
    Rate("*", 6000, date(2020, 1, 1)),
]


def card():
    return RateCard(RATES)


def test_latest_valid_rate_counts():
    assert card().rate_for("acme", date(2024, 2, 29)) == 9000
    assert card().rate_for("acme", date(2024, 3, 1)) == 9600


def test_order_of_the_rates_does_not_matter():
    assert RateCard(RATES[::-1]).rate_for("acme", WEDNESDAY) == 9600


def test_sub_project_has_its_own_rate_or_that_of_its_parent():
    assert card().rate_for("acme/ops", WEDNESDAY) == 12_000
    assert card().rate_for("acme/ops/night", WEDNESDAY) == 12_000
    assert card().rate_for("acme/website", WEDNESDAY) == 9600


def test_any_other_project_has_the_general_rate():
    assert card().rate_for("globex", WEDNESDAY) == 6000


def test_no_rate_is_an_error():
    with pytest.raises(LookupError):
        card().rate_for("globex", date(2019, 12, 31))


def test_charge_by_the_minute():
    assert card().charge(Entry(WEDNESDAY, 540, 585, "globex")) == 4500


def test_unbillable_work_costs_nothing():
    assert card().charge(Entry(WEDNESDAY, 540, 600, "acme", billable=False)) == 0


def test_evening_surcharge_only_for_the_evening_part():
    assert card().charge(Entry(WEDNESDAY, 19 * 60, 21 * 60, "globex")) == 12_000 + 1500
    assert card().charge(Entry(WEDNESDAY, 21 * 60, 22 * 60, "globex")) == 6000 + 1500


def test_evening_surcharge_for_any_part_of_the_evening():
    for start, end, extra in (
        (1199, 1201, 25),
        (1200, 1260, 1500),
        (1230, 1290, 1500),
        (1140, 1200, 0),
    ):
        base = (end - start) * 100
        assert card().charge(Entry(WEDNESDAY, start, end, "globex")) == base + extra


def test_free_day_surcharge_beats_the_evening():
    assert card().charge(Entry(SATURDAY, 540, 600, "globex")) == 9000
    assert card().charge(Entry(SATURDAY, 21 * 60, 22 * 60, "globex")) == 9000


def test_higher_evening_surcharge_counts_on_free_days():
    dear = RateCard(RATES, Surcharges(evening=100, free_day=50))
    assert dear.charge(Entry(SATURDAY, 19 * 60, 21 * 60, "globex")) == 12_000 + 3000 + 6000


def test_work_over_midnight_is_charged_by_its_days():
    assert card().charge(Entry(FRIDAY, 23 * 60, 60, "globex")) == 6000 + 1500 + 6000 + 3000
