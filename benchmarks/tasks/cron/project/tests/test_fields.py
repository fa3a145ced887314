import pytest

from cron.fields import parse_field


@pytest.mark.parametrize(
    ("text", "place", "values"),
    [
        ("*", 4, {0, 1, 2, 3, 4, 5, 6}),
        ("5", 0, {5}),
        ("1-3,10", 1, {1, 2, 3, 10}),
        ("*/20", 0, {0, 20, 40}),
        ("8-18/5", 1, {8, 13, 18}),
        ("50/4", 0, {50, 54, 58}),
        ("mon-fri", 4, {1, 2, 3, 4, 5}),
        ("7", 4, {0}),
        ("JAN,dec", 3, {1, 12}),
    ],
)
def test_fields(text, place, values):
    assert parse_field(text, place) == values


@pytest.mark.parametrize(("text", "place"), [("60", 0), ("0", 2), ("5-3", 1), ("*/0", 0), ("x", 1)])
def test_what_is_no_field(text, place):
    with pytest.raises(ValueError):
        parse_field(text, place)
