from datetime import date

import pytest

from timebook.book import Book, Overlap
from timebook.entries import Entry

MONDAY = date(2024, 3, 4)
TUESDAY = date(2024, 3, 5)
THURSDAY = date(2024, 3, 7)


def book():
    return Book(
        [
            Entry(TUESDAY, 540, 600, "acme/website", tags=("bug",)),
            Entry(MONDAY, 600, 720, "acme"),
            Entry(MONDAY, 540, 590, "globex"),
            Entry(THURSDAY, 540, 720, "globex"),
        ]
    )


def test_book_is_in_order_of_time():
    assert [(each.day, each.start) for each in book()] == [
        (MONDAY, 540),
        (MONDAY, 600),
        (TUESDAY, 540),
        (THURSDAY, 540),
    ]


def test_overlapping_entries_are_refused():
    with pytest.raises(Overlap):
        book().add(Entry(MONDAY, 580, 610, "other"))


def test_refused_entry_is_not_in_the_book():
    kept = book()
    with pytest.raises(Overlap):
        kept.add(Entry(MONDAY, 580, 610, "other"))
    assert len(kept) == 4


def test_removed_entry_frees_its_time():
    kept = book()
    kept.remove(Entry(MONDAY, 540, 590, "globex"))
    kept.add(Entry(MONDAY, 550, 590, "other"))
    assert len(kept) == 4


def test_total():
    assert book().total() == 50 + 120 + 60 + 180
    assert book().total(project="acme") == 180
    assert book().total(since=TUESDAY) == 240
    assert book().total(tag="bug") == 60


def test_projects_come_largest_first():
    assert list(book().by_project().items()) == [
        ("globex", 230),
        ("acme", 120),
        ("acme/website", 60),
    ]


def test_sub_projects_are_added_up():
    assert book().by_project(depth=1) == {"globex": 230, "acme": 180}


def test_equal_projects_come_by_name():
    equal = Book([Entry(MONDAY, 0, 60, "b"), Entry(MONDAY, 60, 120, "a")])
    assert list(equal.by_project()) == ["a", "b"]


def test_minutes_by_day():
    assert book().by_day() == {MONDAY: 170, TUESDAY: 60, THURSDAY: 180}


def test_gaps_between_entries():
    assert book().gaps(MONDAY) == [(590, 600)]
    assert book().gaps(MONDAY, shortest=10) == [(590, 600)]
    assert book().gaps(MONDAY, shortest=11) == []


def test_several_gaps():
    day = Book([Entry(MONDAY, start, start + 30, "a") for start in (60, 120, 200)])
    assert day.gaps(MONDAY) == [(90, 120), (150, 200)]


def test_gap_runs_from_each_end_to_the_next_start():
    day = Book(
        [Entry(MONDAY, a, b, "a") for a, b in ((0, 10), (10, 20), (25, 30), (31, 40), (50, 51))]
    )
    assert day.gaps(MONDAY) == [(20, 25), (30, 31), (40, 50)]
    assert day.gaps(MONDAY, shortest=5) == [(20, 25), (40, 50)]


def test_free_day_has_no_gaps():
    assert book().gaps(date(2024, 3, 6)) == []


def test_longest_streak():
    assert book().longest_streak() == 2
    assert Book().longest_streak() == 0


def test_longest_streak_may_lie_in_the_past():
    days = [1, 4, 5, 6, 11, 12]
    streaks = Book([Entry(date(2024, 3, day), 540, 600, "a") for day in days])
    assert streaks.longest_streak() == 3
    assert Book([Entry(MONDAY, 0, 5, "a")]).longest_streak() == 1


def test_last_entry():
    assert book().last().day == THURSDAY
    assert book().last("acme").day == TUESDAY
    assert book().last("initech") is None
