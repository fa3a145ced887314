"""What is known of one file."""

import re
from functools import cached_property
from sys import intern
from typing import Any

from pydantic import Field

from swarm.domain.frozen import Frozen

_WORDS = re.compile(r"[/.:\\]+")


class Definition(Frozen):
    name: str = Field(max_length=300)
    """With its class: `Cart.total`."""

    line: int
    text: str = Field(max_length=400)
    """The line as it stands."""

    is_value: bool = False
    """A constant or a variable, and no function or type."""

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


class Import(Frozen):
    module: str = Field(max_length=500)
    """As it is written: `a.b`, `./price`; empty for `from . import x`."""

    name: str = Field(default="", max_length=300)
    level: int = 0
    """How many folders up it begins: leading dots in Python; 1: beside the file, whatever stands elsewhere."""


class Entry(Frozen):
    defs: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    uses: frozenset[str] = frozenset()
    unread: str = Field(default="", max_length=100)
    """Why it was given up; empty for what was read."""

    @classmethod
    def told(cls, defs: object, imports: object, uses: object, unread: object = "") -> "Entry":
        """As the script tells it. Raises ValidationError, TypeError and ValueError for anything else."""
        return cls(
            defs=tuple(
                Definition(name=name, line=line, text=text, is_value=is_value)
                for name, line, text, is_value in _rows(defs)
            ),
            imports=tuple(Import(module=m, name=n, level=level) for m, n, level in _rows(imports)),
            uses=frozenset(intern(each) for each in _rows(uses)),
            unread=str(unread),
        )

    @cached_property
    def mentions(self) -> frozenset[str]:
        """The words of each import's names: of files and folders that it may mean."""
        words = (_WORDS.split(f"{each.module}/{each.name}") for each in self.imports)
        return frozenset(word for each in words for word in each if word)


def _rows(told: object) -> list[Any]:
    if not isinstance(told, list):
        raise TypeError("no list")
    return told
