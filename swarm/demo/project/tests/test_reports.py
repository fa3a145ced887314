from datetime import date

from timebook.book import Book
from timebook.entries import Entry
from timebook.reports import bars, shares, shorten, table, week, wrap


def test_wrap():
    assert wrap("the quick brown fox jumps", 9) == ["the quick", "brown fox", "jumps"]


def test_wrap_counts_the_blank_between_words():
    assert wrap("ab cd", 4) == ["ab", "cd"]
    assert wrap("ab cd", 5) == ["ab cd"]


def test_wrap_puts_long_words_on_their_own_line():
    assert wrap("a extraordinarily b", 5) == ["a", "extraordinarily", "b"]


def test_wrap_of_nothing():
    assert wrap("   ", 10) == []


def test_shorten():
    assert shorten("invoice", 7) == "invoice"
    assert shorten("invoices", 7) == "invoic…"
    assert shorten("to be paid", 7) == "to be…"
    assert shorten("abc", 2) == "a…"
    assert shorten("", 5) == ""


def test_table_aligns_columns():
    assert table([("acme", 5), ("globex", 120)], right=(1,)) == "acme      5\nglobex  120"


def test_table_with_a_header():
    lines = table([("a", "x")], header=("project", "note")).splitlines()
    assert lines == ["project  note", "-------  ----", "a        x"]


def test_empty_table():
    assert table([]) == ""


def test_bars():
    assert bars({"a": 100, "b": 50, "c": 1, "d": 0}, width=10) == [
        "a ##########",
        "b #####",
        "c #",
        "d",
    ]


def test_bars_of_equal_and_of_no_amounts():
    assert bars({"a": 7, "b": 7}, width=3) == ["a ###", "b ###"]
    assert bars({"a": 0}) == ["a"]
    assert bars({}) == []


def test_shares_add_up_to_a_hundred():
    assert shares({"a": 1, "b": 1, "c": 1}) == {"a": 34, "b": 33, "c": 33}


def test_shares_of_nothing():
    assert shares({"a": 0}) == {"a": 0}


def test_week_at_a_glance():
    book = Book(
        [
            Entry(date(2024, 3, 3), 540, 600, "before"),
            Entry(date(2024, 3, 4), 540, 630, "a"),
            Entry(date(2024, 3, 10), 540, 600, "b"),
            Entry(date(2024, 3, 11), 540, 600, "after"),
        ]
    )
    assert week(book, date(2024, 3, 6)).splitlines() == [
        "Mon 04.03.  1h30",
        "Sun 10.03.    1h",
        "Sum         2h30",
    ]
