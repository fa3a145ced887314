import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.cli.words import (
    cell,
    clock,
    count,
    lasted,
    legible,
    money,
    paragraph,
    percent,
    short,
    size,
)
from swarm.domain.names import TaskId

HOSTILE = st.text(alphabet=st.sampled_from("ab \n\t\r\x00\x07\x1b\x7f\x9b\u202e\u2066\u200b[]/"))


@given(HOSTILE)
def test_no_text_can_give_an_order_to_a_terminal(text: str) -> None:
    assert not any(unicodedata.category(each) in {"Cc", "Cf"} for each in legible(text, 10_000))


@given(HOSTILE)
def test_a_paragraph_keeps_its_lines_and_nothing_else_that_is_not_seen(text: str) -> None:
    left = paragraph(text).replace("\n", "").replace("\t", "")
    assert not any(unicodedata.category(each) in {"Cc", "Cf"} for each in left)


def test_an_escape_sequence_is_shown_by_its_number() -> None:
    assert legible("\x1b[31mred\u202e") == "[U+001B][31mred[U+202E]"


def test_markup_is_text() -> None:
    assert cell("[bold red]x[/]").plain == "[bold red]x[/]"


def test_a_long_text_is_cut_where_it_says() -> None:
    assert legible("abcdef", 4) == "abc…"


@pytest.mark.parametrize(
    ("milliseconds", "said"),
    [
        (-5, "0.0 s"),
        (440, "0.4 s"),
        (9_990, "9.9 s"),
        (38_000, "38 s"),
        (125_000, "2 min 05 s"),
        (11_400_000, "3 h 10 min"),
        (3 * 86_400_000, "3 days"),
    ],
)
def test_durations_read_as_people_say_them(milliseconds: int, said: str) -> None:
    assert lasted(milliseconds) == said


def test_amounts_read_as_people_say_them() -> None:
    assert clock(187_000) == "03:07"
    assert [money(each) for each in (2_333_605, 168, 9, 0, 12_345)] == [
        "$2.33",
        "$0.00017",
        "$0.000009",
        "$0.00",
        "$0.012",
    ]
    assert percent(310_000) == "31 %"
    assert (count(1, "task"), count(2, "patch", "patches")) == ("1 task", "2 patches")
    assert (size(512), size(4_200_000), size(7_000_000_000_000)) == ("512 B", "4.2 MB", "7000.0 GB")
    assert short(TaskId("g-000001.t2")) == "t2"
