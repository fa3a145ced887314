"""The market's page: drawings that can be read."""

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from swarm.cli.market_page import Drawing, Point, drawn, page_of


def baselines(points: tuple[Point, ...]) -> list[float]:
    shape = drawn(Drawing("t", "s", "across", "upward", points))
    return [float(y) for y in re.findall(r'y="([-0-9.]+)" text-anchor="\w+">(?:rule|left)', shape)]


def test_names_of_points_in_one_place_stand_below_each_other() -> None:
    found = sorted(baselines(tuple(Point(1.0, 1.0, f"rule {n}") for n in range(4))))
    assert all(later - earlier > 11.9 for earlier, later in pairwise(found))


def test_names_of_points_far_apart_stand_beside_them() -> None:
    assert len(set(baselines((Point(0.1, 1.0, "left"), Point(1.0, 1.0, "left too"))))) == 1


def test_a_name_stands_beside_its_point_unless_another_point_is_there() -> None:
    alone = baselines((Point(0.1, 1.0, "left"), Point(1.0, 0.9)))
    assert alone != baselines((Point(0.1, 1.0, "left"), Point(0.12, 1.0), Point(1.0, 0.9)))


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=5),
    st.sampled_from((1.0, 1e-9, 1e-3)),
)
def test_every_drawing_can_be_read_off_round_numbers(
    places: list[tuple[int, int]], scale: float
) -> None:
    points = tuple(Point(x * scale, y * scale) for x, y in places)
    shape = drawn(Drawing("t", "s", "across", "upward", points))
    for anchor in ("end", "middle"):
        said = re.findall(rf'text-anchor="{anchor}">([0-9.]+)<', shape)
        assert 2 <= len(said) <= 12
        assert len(set(said)) == len(said)


def test_the_page_is_legible_in_the_dark_and_shows_what_others_wrote_as_text() -> None:
    page = page_of("<b>", [drawn(Drawing("t", "s", "a", "u", (Point(1.0, 1.0, "<script>"),)))])
    assert "prefers-color-scheme:dark" in page
    assert "<script>" not in page
