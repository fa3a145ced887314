import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.forge.public_api import markdown_line, plain_line, visible

PIECES = st.sampled_from(
    ["@ann", "#12", "fixes ", "GH-7", "https://x.org/i.png", "www.x.org", "<img src=x>", "![a](b)", "[a](b)",
     "\u202e", "\u200b", "\u2066", "\ufeff", "\U000e0041", "\0", "\x1b[31m", "`", "|", "\n", "\r\n", "\u2028",
     "\\", "*", "<!-- ", " -->", "</details>", "&lt;", "a", " ", "\ud800", "\u3164", "\ufe0f", "-", "1. ", "$x$"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=20)


@given(TEXTS)
def test_a_line_of_theirs_has_no_power_over_a_forge(text: str) -> None:
    line = plain_line(text)
    assert "@" not in line
    assert re.search(r"#\d|GH-\d|://|www\.(?! )", line, re.IGNORECASE) is None
    assert line.splitlines() == ([line] if line else [])


@given(TEXTS)
def test_nothing_unseen_is_left(text: str) -> None:
    for character in visible(text):
        assert character in "\n\t" or unicodedata.category(character)[0] != "C"
    visible(text).encode()


@given(TEXTS)
def test_no_markup_of_theirs_is_left(text: str) -> None:
    line = markdown_line(text)
    bare = re.sub(r"\\.", "", line)
    assert not set(bare) & set("`*_[]<>|!~{}")
    assert re.sub(r"&(amp|lt|gt);", "", bare).count("&") == 0


@given(TEXTS, st.integers(40, 60))
def test_a_line_keeps_to_its_length(text: str, most: int) -> None:
    assert len(plain_line(text * 10, most)) <= most


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Fix off-by-one in page count", "Fix off-by-one in page count"),
        ("Fixes #12, closes GH-3", "Fixes \uff0312, closes GH \uff033"),
        ("ping @team", "ping \uff20team"),
        ("see https://evil.org", "see https: //evil.org"),
        ("a\u202eb", "a[U+202E]b"),
        ("a\ufe0f\U000e0101b", "a[U+FE0F][U+E0101]b"),
        ("a\u3164b\u2800", "a[U+3164]b[U+2800]"),
        ("Do it [skip ci]", "Do it (skip ci]"),
        ("[[CI SKIP] x", "[(CI SKIP] x"),
        ("skip-checks: true ***NO_CI***", "skip-checks  true ** NO_CI***"),
        ("[no review] [skip]", "[no review] [skip]"),
        ("two\n\n  lines", "two lines"),
        ("C# and issue # 5", "C# and issue # 5"),
        ("caf\u00e9 \u4f60\u597d", "caf\u00e9 \u4f60\u597d"),
    ],
)
def test_a_harmless_text_stays_legible(text: str, line: str) -> None:
    assert plain_line(text) == line


def test_what_is_cut_says_how_long_it_was() -> None:
    assert plain_line("x" * 500, 40) == "x" * 20 + "... (500 characters)"


def test_markup_is_shown_instead_of_done() -> None:
    assert markdown_line("<b>`a_b`</b> | ![x](y)") == (
        "&lt;b&gt;\\`a\\_b\\`&lt;/b&gt; \\| \\!\\[x\\]\\(y\\)"
    )
