from datetime import date

import pytest

from timebook.workdays import (
    add_workdays,
    count_workdays,
    easter,
    expected_minutes,
    holidays,
    is_workday,
    month_bounds,
    quarter,
    week_bounds,
)


@pytest.mark.parametrize(
    "sunday",
    [
        date(1954, 4, 18),
        date(1981, 4, 19),
        date(2000, 4, 23),
        date(2024, 3, 31),
        date(2038, 4, 25),
    ],
)
def test_easter(sunday):
    assert easter(sunday.year) == sunday


def test_holidays_are_in_order():
    assert holidays(2024) == [
        date(2024, 1, 1),
        date(2024, 3, 29),
        date(2024, 4, 1),
        date(2024, 5, 1),
        date(2024, 12, 25),
        date(2024, 12, 26),
    ]


def test_weekends_are_no_workdays():
    assert is_workday(date(2024, 3, 8))
    assert not is_workday(date(2024, 3, 9))
    assert not is_workday(date(2024, 3, 10))


def test_holidays_are_no_workdays():
    assert not is_workday(date(2024, 5, 1))
    assert not is_workday(date(2024, 3, 29))


def test_closed_days_are_no_workdays():
    assert not is_workday(date(2024, 3, 8), closed=[date(2024, 3, 8)])


def test_add_workdays_skips_the_weekend():
    assert add_workdays(date(2024, 3, 8), 1) == date(2024, 3, 11)
    assert add_workdays(date(2024, 3, 8), 6) == date(2024, 3, 18)


def test_add_workdays_backwards():
    assert add_workdays(date(2024, 3, 11), -1) == date(2024, 3, 8)
    assert add_workdays(date(2024, 3, 18), -6) == date(2024, 3, 8)
    assert add_workdays(date(2024, 4, 2), -1) == date(2024, 3, 28)


def test_add_workdays_heeds_closed_days():
    assert add_workdays(date(2024, 3, 7), 1, closed=[date(2024, 3, 8)]) == date(2024, 3, 11)


def test_no_workdays_added_is_the_same_day():
    assert add_workdays(date(2024, 3, 9), 0) == date(2024, 3, 9)


def test_count_workdays_includes_both_ends():
    assert count_workdays(date(2024, 3, 4), date(2024, 3, 8)) == 5
    assert count_workdays(date(2024, 3, 8), date(2024, 3, 8)) == 1
    assert count_workdays(date(2024, 3, 25), date(2024, 4, 5)) == 8


def test_week_runs_from_monday_to_sunday():
    week = (date(2024, 3, 4), date(2024, 3, 10))
    assert week_bounds(date(2024, 3, 4)) == week
    assert week_bounds(date(2024, 3, 10)) == week


def test_month_bounds():
    assert month_bounds(date(2024, 2, 10)) == (date(2024, 2, 1), date(2024, 2, 29))
    assert month_bounds(date(2023, 12, 31)) == (date(2023, 12, 1), date(2023, 12, 31))


@pytest.mark.parametrize(
    ("month", "label"),
    [(1, "Q1"), (3, "Q1"), (4, "Q2"), (6, "Q2"), (7, "Q3"), (9, "Q3"), (10, "Q4"), (12, "Q4")],
)
def test_quarter(month, label):
    assert quarter(date(2024, month, 15)) == f"2024-{label}"


def test_expected_minutes_of_a_week():
    assert expected_minutes(date(2024, 3, 4), date(2024, 3, 10)) == 2400
    assert expected_minutes(date(2024, 3, 4), date(2024, 3, 10), per_day=240) == 1200
