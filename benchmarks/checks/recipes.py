"""What a planted change is: edits of a source that is fetched when it is measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SETTINGS = (
    "[pytest]\npythonpath = . src\nfilterwarnings = ignore\npython_files = test_*.py tests.py\n"
)


@dataclass(frozen=True, slots=True)
class Edit:
    """A text that occurs once becomes another. Without `old` the file is new; without `new` it goes."""

    path: str
    old: str | None
    new: str | None

    def apply(self, folder: Path) -> None:
        """Raises ValueError where the text is not there just once."""
        file = folder / self.path
        if self.new is None:
            file.unlink()
        elif self.old is None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.new, encoding="utf-8")
        else:
            text = file.read_text(encoding="utf-8")
            if text.count(self.old) != 1:
                raise ValueError(f"{self.path}: {text.count(self.old)} times {self.old!r}")
            file.write_text(text.replace(self.old, self.new), encoding="utf-8")


Edits = tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Planted:
    """A change of a library, on top of one of its planted mistakes or of the library as it is."""

    name: str
    kind: str
    edits: Edits
    bug: str = ""
    """The mistake whose failing tests it is to mend; empty = nothing fails on its base."""


@dataclass(frozen=True, slots=True)
class Library:
    name: str
    version: str
    held_out: bool
    bugs: Mapping[str, Edits]
    good: tuple[Planted, ...]
    bad: tuple[Planted, ...]
    prepared: Edits = ()
    """What is changed beforehand, so that the suite names its tests alike in every run."""


def edit(path: str, old: str, new: str) -> Edit:
    return Edit(path, old, new)


def added(path: str, text: str) -> Edit:
    return Edit(path, None, text)


def gone(path: str) -> Edit:
    return Edit(path, "", None)


def undone(edits: Edits) -> Edits:
    """The right repair of a mistake: the library's own text again."""
    return tuple(Edit(each.path, each.new, each.old) for each in reversed(edits))
