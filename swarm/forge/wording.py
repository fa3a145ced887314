"""Text that agents or strangers wrote, made harmless before a forge shows it.

A forge gives text powers: it notifies whoever is mentioned, closes issues that are named after
certain words, skips checks when told to, loads images from anywhere, and shows HTML. None of that
is for agents. Characters that cannot be seen, or that turn text around, are shown by their number,
so that a reviewer reads what is there. The rest stays as legible as it can be, raw and rendered.
"""

import re
import unicodedata

LINE = 300
"""Characters of one line of ours."""

_BLANKS = re.compile(r"\s+")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#|~!])")
_REFERENCE = re.compile(r"#(?=\d)")
_GH_REFERENCE = re.compile(r"GH-(?=\d)", re.IGNORECASE)
_ADDRESS = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
_SKIP = re.compile(r"\[(?=\s*(skip|no|ci|actions)\W+(skip|ci|actions))", re.IGNORECASE)
_NO_CI = re.compile(r"(?<=skip-checks):|\*(?=NO_CI)", re.IGNORECASE)
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")
"""Shown as nothing although their category is not."""


def plain_line(text: str, most: int = LINE) -> str:
    """One line of at most `most` characters that only says something.

    For titles, commit messages and terminals. No mention, no reference to an issue (so no closing
    of one), no order to skip checks, no address that becomes a link, nothing unseen.
    """
    line = _BLANKS.sub(" ", visible(text)).strip()
    line = line.replace("@", "\uff20")
    line = _GH_REFERENCE.sub("GH \uff03", _REFERENCE.sub("\uff03", line))
    line = _ADDRESS.sub(lambda found: found.group() + " ", line)
    line = _NO_CI.sub(" ", _SKIP.sub("(", line))
    return shortened(line, most)


def markdown_line(text: str, most: int = LINE) -> str:
    """The same for the inside of a Markdown paragraph, list item or table cell."""
    line = _MARKDOWN.sub(r"\\\1", plain_line(text, most))
    return "".join(_HTML.get(character, character) for character in line)


def visible(text: str) -> str:
    """Every character that a reader would not see, shown as `[U+202E]`. Line ends become LF."""
    return "".join(_shown(character) for character in text.replace("\r\n", "\n"))


def opening(text: str, most: int = 2) -> str:
    """The first lines of the first paragraph: what it says before it shows a log or a change."""
    text = text.strip()
    begin = text.split("\n\n", 1)[0].splitlines()[:most]
    said = " ".join(line.strip() for line in begin)
    return said if len(said.split()) == len(text.split()) else f"{said} ..."


def shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    ending = f"... ({len(text)} characters)"
    return text[: max(0, most - len(ending))] + ending


def _shown(character: str) -> str:
    if character in "\n\t ":
        return character
    if character in _FILLERS or unicodedata.category(character) in _UNSEEN or _selects(character):
        return f"[U+{ord(character):04X}]"
    return character


def _selects(character: str) -> bool:
    """Variation selectors can carry any bytes behind one visible character."""
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
