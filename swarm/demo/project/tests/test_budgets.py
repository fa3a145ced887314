from datetime import date

import pytest

from timebook.book import Book
from timebook.budgets import Budget, carry_over, forecast, state, used
from timebook.entries import Entry

MID = date(2024, 3, 10)
BUDGET = Budget("acme", 600)


def booked(*minutes):
    entries = [
        Entry(date(2024, 3, day), 60, 60 + each, "acme/web")
        for day, each in enumerate(minutes, start=1)
    ]
    return Book([*entries, Entry(date(2024, 2, 29), 60, 120, "acme")])


def test_only_the_month_counts():
    assert used(BUDGET, booked(100, 50), MID) == 150


def test_whole_month_counts_even_its_last_day():
    late = Book([Entry(date(2024, 3, 31), 60, 120, "acme")])
    assert used(BUDGET, late, MID) == 60


@pytest.mark.parametrize(
    ("minutes", "expected"), [(479, "fine"), (480, "close"), (600, "close"), (601, "over")]
)
def test_state_of_a_budget(minutes, expected):
    assert state(BUDGET, booked(minutes), MID) == expected


def test_state_heeds_the_warning_threshold():
    assert state(Budget("acme", 600, warn_at=50), booked(300), MID) == "close"
    assert state(Budget("acme", 600, warn_at=50), booked(299), MID) == "fine"
    assert state(Budget("acme", 1000, warn_at=95), booked(949), MID) == "fine"
    assert state(Budget("acme", 1000, warn_at=95), booked(950), MID) == "close"


def test_what_is_left_is_carried_over():
    assert carry_over(BUDGET, [500, 600, 450]) == 250


def test_month_that_went_over_takes_from_the_next():
    assert carry_over(BUDGET, [700, 550]) == -50


def test_carry_over_is_bounded():
    assert carry_over(BUDGET, [0, 500], most=300) == 300
    assert carry_over(BUDGET, [0, 700], most=300) == 200
    assert carry_over(BUDGET, [0, 0, 900], most=50) == -250
    assert carry_over(BUDGET, [], most=50) == 0


def test_forecast():
    assert forecast(BUDGET, booked(100, 100), MID) == 620


def test_forecast_at_the_ends_of_a_month():
    assert forecast(BUDGET, booked(100), date(2024, 3, 1)) == 3100
    assert forecast(BUDGET, booked(100, 55), date(2024, 3, 31)) == 155


def test_forecast_ignores_what_comes_later():
    assert forecast(BUDGET, booked(100, 100, 300), date(2024, 3, 2)) == 3100
