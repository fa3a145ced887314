import pytest

from timebook.rounding import (
    divide_half_up,
    format_cents,
    percent_of,
    round_minutes,
    split_cents,
)


@pytest.mark.parametrize(
    ("minutes", "rounded"), [(0, 0), (7, 0), (8, 15), (22, 15), (23, 30), (45, 45)]
)
def test_round_to_the_nearest_step(minutes, rounded):
    assert round_minutes(minutes, 15) == rounded


def test_halves_go_up():
    assert round_minutes(5, 10) == 10
    assert round_minutes(4, 10) == 0
    assert round_minutes(15, 30) == 30
    assert round_minutes(44, 30) == 30


def test_round_up():
    assert round_minutes(1, 15, "up") == 15
    assert round_minutes(30, 15, "up") == 30
    assert round_minutes(31, 15, "up") == 45
    assert round_minutes(0, 15, "up") == 0


def test_round_down():
    assert round_minutes(29, 15, "down") == 15


def test_rounding_refuses_nonsense():
    with pytest.raises(ValueError):
        round_minutes(10, 0)
    with pytest.raises(ValueError):
        round_minutes(10, 15, "sideways")


@pytest.mark.parametrize(
    ("amount", "divisor", "quotient"), [(7, 2, 4), (-7, 2, -4), (6, 4, 2), (5, 4, 1), (-5, 4, -1)]
)
def test_division_rounds_halves_away_from_zero(amount, divisor, quotient):
    assert divide_half_up(amount, divisor) == quotient


def test_percentages():
    assert percent_of(10_000, 19) == 1900
    assert percent_of(1050, 7.5) == 79
    assert percent_of(-1000, 10) == -100
    assert percent_of(10_000, 0.25) == 25
    assert percent_of(200, 12.5) == 25
    assert percent_of(999, 0) == 0


def test_parts_add_up():
    assert split_cents(100, [1, 1, 1]) == [34, 33, 33]
    assert sum(split_cents(1001, [3, 5, 9])) == 1001


def test_left_over_cents_go_to_the_largest_remainders():
    assert split_cents(10, [1, 5, 3]) == [1, 6, 3]
    assert split_cents(100, [1, 6, 2]) == [11, 67, 22]


def test_weights_must_add_up_to_something():
    with pytest.raises(ValueError):
        split_cents(100, [0, 0])


def test_amounts_are_written_with_separators():
    assert format_cents(123_450) == "EUR 1,234.50"
    assert format_cents(-5, "CHF") == "CHF -0.05"
