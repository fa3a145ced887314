"""The market's page: drawings that can be read."""

import re
from itertools import pairwise

from swarm.cli.market_page import Drawing, Point, drawn, page_of


def baselines(points: tuple[Point, ...]) -> list[float]:
    shape = drawn(Drawing("t", "s", "across", "upward", points))
    return [float(y) for y in re.findall(r'y="([-0-9.]+)" text-anchor', shape)]


def test_names_of_points_in_one_place_stand_below_each_other() -> None:
    found = sorted(baselines(tuple(Point(1.0, 1.0, f"rule {n}") for n in range(4))))
    assert all(later - earlier > 11.9 for earlier, later in pairwise(found))


def test_names_of_points_far_apart_stand_beside_them() -> None:
    assert len(set(baselines((Point(0.1, 1.0, "left"), Point(1.0, 1.0, "right"))))) == 1


def test_the_page_is_legible_in_the_dark_and_shows_what_others_wrote_as_text() -> None:
    page = page_of("<b>", [drawn(Drawing("t", "s", "a", "u", (Point(1.0, 1.0, "<script>"),)))])
    assert "prefers-color-scheme:dark" in page
    assert "<script>" not in page
