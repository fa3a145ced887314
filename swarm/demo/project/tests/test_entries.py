from datetime import date

import pytest

from timebook.entries import Entry, matches, merge_adjacent, overlaps, split_at_midnight

DAY = date(2024, 3, 6)
NEXT = date(2024, 3, 7)


def entry(start, end, project="acme", day=DAY, **more):
    return Entry(day, start, end, project, **more)


def test_minutes_of_an_entry():
    assert entry(540, 630).minutes == 90


def test_minutes_of_an_entry_over_midnight():
    assert entry(1380, 60).minutes == 120
    assert entry(1439, 1).minutes == 2
    assert entry(700, 699).minutes == 1439


def test_entry_with_equal_ends_lasts_a_day():
    assert entry(540, 540).minutes == 1440


def test_entry_until_midnight_stays_within_the_day():
    assert not entry(1380, 1440).over_midnight


@pytest.mark.parametrize(("start", "end"), [(-1, 60), (1440, 60), (0, 0), (0, 1441)])
def test_impossible_times_are_refused(start, end):
    with pytest.raises(ValueError):
        entry(start, end)


def test_split_at_midnight():
    evening, morning = split_at_midnight(entry(1380, 60))
    assert (evening.day, evening.start, evening.end) == (DAY, 1380, 1440)
    assert (morning.day, morning.start, morning.end) == (NEXT, 0, 60)


def test_split_leaves_other_entries_alone():
    assert split_at_midnight(entry(540, 600)) == (entry(540, 600),)


def test_overlap():
    assert overlaps(entry(540, 600), entry(599, 660))
    assert overlaps(entry(540, 720), entry(600, 660))


def test_touching_entries_do_not_overlap():
    assert not overlaps(entry(540, 600), entry(600, 660))
    assert not overlaps(entry(600, 660), entry(540, 600))


def test_overlap_across_midnight():
    assert overlaps(entry(1380, 60), entry(30, 90, day=NEXT))
    assert not overlaps(entry(1380, 60), entry(30, 90, day=DAY))


def test_project_filter_includes_sub_projects():
    assert matches(entry(540, 600, "acme/website"), project="acme")
    assert matches(entry(540, 600, "acme"), project="acme")
    assert not matches(entry(540, 600, "acmeworks"), project="acme")


def test_tag_filter():
    assert matches(entry(540, 600, tags=("bug", "ui")), tag="ui")
    assert not matches(entry(540, 600, tags=("bug",)), tag="ui")


def test_day_filters_include_both_ends():
    assert matches(entry(540, 600), since=DAY, until=DAY)
    assert not matches(entry(540, 600), since=NEXT)
    assert not matches(entry(540, 600, day=NEXT), until=DAY)


def test_adjacent_entries_are_merged():
    merged = merge_adjacent([entry(600, 660), entry(540, 600)])
    assert merged == [entry(540, 660)]


def test_merge_closes_small_gaps():
    assert merge_adjacent([entry(540, 600), entry(605, 660)], gap=5) == [entry(540, 660)]
    assert len(merge_adjacent([entry(540, 600), entry(606, 660)], gap=5)) == 2


def test_merge_keeps_different_work_apart():
    entries = [
        entry(540, 600),
        entry(600, 660, note="call"),
        entry(660, 720, note="call", billable=False),
    ]
    assert merge_adjacent(entries) == entries


def test_merge_of_a_contained_entry_keeps_the_later_end():
    assert merge_adjacent([entry(540, 700), entry(600, 660)]) == [entry(540, 700)]
    assert merge_adjacent([entry(540, 700), entry(600, 710)]) == [entry(540, 710)]
