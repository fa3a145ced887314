"""Texts of strangers. People see everything that is there, also what is hidden; agents get none of it.

An issue can carry what its reader does not see: comments of HTML, characters without width, characters
that turn the direction of text, letters of a second alphabet that only machines read. A person who
approves a text approves what was visible; so only that goes to agents, and what was hidden is shown.
"""

import hashlib
import re
import unicodedata

from swarm.domain.names import Digest
from swarm.forge.wording import visible

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1[`~]*\s*$|\Z)", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}


def digest_of(title: str, body: str) -> Digest:
    """What an approval binds to. Line ends do not count: GitHub changes them by itself."""
    told = f"{title}\0{body}".replace("\r\n", "\n")
    return Digest(hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest())


def cleaned(text: str) -> str:
    """For agents: without comments of HTML and without characters that nobody sees."""
    shown = _COMMENT.sub("", text.replace("\r\n", "\n"))
    return "".join(each for each in shown if each in "\n\t" or visible(each) == each).strip()


def hidden(text: str) -> tuple[str, ...]:
    """For people: what `cleaned` takes away, made visible; empty when nothing is hidden."""
    plain = text.replace("\r\n", "\n")
    comments = [visible(each) for each in _COMMENT.findall(plain)]
    rest = _COMMENT.sub("", plain)
    unseen = {each for each in rest if each not in "\n\t" and visible(each) != each}
    named = [f"{visible(each)} {unicodedata.name(each, '')}".strip() for each in sorted(unseen)]
    return (*comments, *named)


def spoken(text: str) -> str:
    """A comment without what its author only quotes or shows: quotations, code, hidden text."""
    without = _INLINE.sub(" ", _FENCE.sub("\n", _COMMENT.sub("", text.replace("\r\n", "\n"))))
    lines = [line for line in without.split("\n") if not line.lstrip().startswith(">")]
    return "\n".join(line for line in lines if not line.startswith(("    ", "\t")))
