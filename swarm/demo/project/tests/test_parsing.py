from datetime import date, timedelta

import pytest

from timebook.parsing import (
    format_clock,
    format_duration,
    parse_clock,
    parse_date,
    parse_duration,
    split_tags,
)

WEDNESDAY = date(2024, 3, 6)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("90", 90), ("90m", 90), ("2h", 120), ("1h30", 90), ("1h 30m", 90), ("1:30", 90), ("0:05", 5)],
)
def test_durations_in_hours_and_minutes(text, minutes):
    assert parse_duration(text) == minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("1.5h", 90), ("0,25h", 15), ("2.75", 165), ("0.1h", 6), ("1.125h", 68), ("10.05", 603)],
)
def test_durations_in_decimal_hours(text, minutes):
    assert parse_duration(text) == minutes


def test_durations_may_be_surrounded_by_blanks_and_in_capitals():
    assert parse_duration("  2H ") == 120


@pytest.mark.parametrize("text", ["", "   ", "soon", "1h75", "1:60", "0:99", "h", "-5"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "0m"),
        (45, "45m"),
        (60, "1h"),
        (125, "2h05"),
        (599, "9h59"),
        (-90, "-1h30"),
        (-45, "-45m"),
        (-120, "-2h"),
        (-61, "-1h01"),
    ],
)
def test_short_form_of_a_duration(minutes, text):
    assert format_duration(minutes) == text


@pytest.mark.parametrize(
    ("text", "minutes"), [("9", 540), ("9:05", 545), ("17.30", 1050), ("0:00", 0), ("24:00", 1440)]
)
def test_clock_times(text, minutes):
    assert parse_clock(text) == minutes


@pytest.mark.parametrize("text", ["25", "12:60", "24:01", "24:59", "99:00", "noon", "9:5"])
def test_what_is_no_clock_time(text):
    with pytest.raises(ValueError):
        parse_clock(text)


def test_clock_times_are_written_with_two_digits():
    assert format_clock(545) == "09:05"


def test_today_and_yesterday():
    assert parse_date("today", WEDNESDAY) == WEDNESDAY
    assert parse_date("Yesterday", WEDNESDAY) == date(2024, 3, 5)


def test_weekday_means_the_last_one_before_today():
    assert parse_date("mon", WEDNESDAY) == date(2024, 3, 4)
    assert parse_date("Friday", WEDNESDAY) == date(2024, 3, 1)


def test_todays_weekday_means_a_week_ago():
    assert parse_date("wed", WEDNESDAY) == date(2024, 2, 28)
    for day in range(1, 8):
        today = date(2024, 3, day)
        assert parse_date(today.strftime("%a"), today) == today - timedelta(days=7)


def test_dates_in_two_notations():
    assert parse_date("2023-12-31", WEDNESDAY) == date(2023, 12, 31)
    assert parse_date("31.12.2023", WEDNESDAY) == date(2023, 12, 31)
    assert parse_date("7.2.", WEDNESDAY) == date(2024, 2, 7)


def test_tags_are_taken_out_of_a_note():
    assert split_tags("fix the menu #bug now #ui") == ("fix the menu now", ("bug", "ui"))


def test_tags_are_lower_case_and_occur_once():
    assert split_tags("#Bug and #bug") == ("and", ("bug",))
    assert split_tags("#UI #bug #Ui #Bug") == ("", ("ui", "bug"))


def test_hash_within_a_word_is_no_tag():
    assert split_tags("ticket a#7") == ("ticket a#7", ())
