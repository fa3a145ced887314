"""A foreign text takes one line, and no more of it than it is given."""

from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.lines import in_a_line


@given(st.text("ab \n\t\r\x0b\x85", max_size=12), st.integers(1, 9))
def test_it_is_one_line_of_at_most_so_many_characters(text: str, most: int) -> None:
    line = in_a_line(text, most)
    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    assert line.rstrip("…") == " ".join(text.split())[: len(line.rstrip("…"))]


def test_what_is_cut_says_so_and_what_fits_stays() -> None:
    assert in_a_line("one\n  two", 7) == "one two"
    assert in_a_line("one\n  two", 6) == "one t…"
