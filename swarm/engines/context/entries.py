"""What is known of one file."""

from functools import cached_property

from pydantic import Field

from swarm.domain.frozen import Frozen


class Definition(Frozen):
    name: str = Field(max_length=300)
    """With its class: `Cart.total`."""

    line: int
    text: str = Field(max_length=400)
    """The line as it stands."""

    @property
    def last(self) -> str:
        return self.name.rpartition(".")[2]


class Import(Frozen):
    module: str = Field(max_length=500)
    """As it is written: `a.b`, `./price`; empty for `from . import x`."""

    name: str = Field(default="", max_length=300)
    level: int = 0
    """Leading dots, in Python."""


class Entry(Frozen):
    defs: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    uses: frozenset[str] = frozenset()

    @cached_property
    def mentions(self) -> frozenset[str]:
        """The last word of each import's names: of a file that it may mean."""
        words = (word for each in self.imports for word in (each.name, each.module))
        return frozenset(word.replace("/", ".").rpartition(".")[2] for word in words)
