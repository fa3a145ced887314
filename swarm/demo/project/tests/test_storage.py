from datetime import date

import pytest

from timebook.entries import Entry
from timebook.storage import BadLine, dump, export_csv, load, read_line, write_line

DAY = date(2024, 3, 1)


def test_read_a_line():
    entry = read_line("2024-03-01 09:00-10:30 acme/website | fix the menu #bug")
    assert entry == Entry(DAY, 540, 630, "acme/website", "fix the menu", ("bug",))


def test_note_may_be_left_out():
    assert read_line("2024-03-01 9-10 acme") == Entry(DAY, 540, 600, "acme")


def test_tilde_means_not_billable():
    entry = read_line("2024-03-01 9-10 ~Office")
    assert (entry.project, entry.billable) == ("office", False)


def test_note_may_contain_the_separator():
    assert read_line("2024-03-01 9-10 acme | a | b").note == "a | b"


@pytest.mark.parametrize("line", ["", "   ", "; a comment", "  ; another"])
def test_lines_without_an_entry(line):
    assert read_line(line) is None


@pytest.mark.parametrize("line", ["2024-03-01 9-10", "2024-03-01 9-10 two words", "then 9-10 a"])
def test_lines_that_cannot_be_read(line):
    with pytest.raises(ValueError):
        read_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "2024-03-01 09:00-10:30 acme | menu #bug #ui",
        "2024-03-01 23:00-01:00 acme",
        "2024-03-01 23:00-24:00 ~office | #mail",
    ],
)
def test_what_was_written_reads_the_same(line):
    assert write_line(read_line(line)) == line


def test_load_skips_comments():
    assert len(load("; hours\n\n2024-03-01 9-10 acme\n2024-03-01 10-11 acme\n")) == 2


def test_bad_line_is_named():
    with pytest.raises(BadLine) as caught:
        load("; hours\n2024-03-01 9-10 acme\n2024-03-01 9-99 acme\n")
    assert caught.value.number == 3
    assert "line 3" in str(caught.value)
    with pytest.raises(BadLine, match="line 1:"):
        load("nonsense")


def test_dump_separates_days():
    entries = [
        Entry(DAY, 540, 600, "a"),
        Entry(DAY, 600, 660, "b"),
        Entry(date(2024, 3, 4), 540, 600, "a"),
    ]
    assert dump(entries) == (
        "2024-03-01 09:00-10:00 a\n2024-03-01 10:00-11:00 b\n\n2024-03-04 09:00-10:00 a\n"
    )


def test_dump_of_nothing():
    assert dump([]) == ""


def test_csv():
    entries = [
        Entry(DAY, 540, 630, "acme", "menu"),
        Entry(DAY, 660, 700, "office", billable=False),
    ]
    assert export_csv(entries).splitlines() == [
        "day;project;hours;billable;note",
        "2024-03-01;acme;1,50;yes;menu",
        "2024-03-01;office;0,67;no;",
    ]


def test_csv_with_a_decimal_point():
    assert ";0.50;" in export_csv([Entry(DAY, 540, 570, "a")], decimal=".")
