"""What a round of search found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Tally:
    """Indices count candidates in their fixed order."""

    tried: int = 0
    invalid: int = 0
    same: int = 0
    plausible: list[dict[str, Any]] = field(default_factory=list)
    slow: list[int] = field(default_factory=list)
    promising: list[int] = field(default_factory=list)
    """Of these, those that had turned a failing test green before."""

    partial: list[tuple[int, int]] = field(default_factory=list)
    """Index, and how many of the failing tests it turned green."""

    seen: list[str] = field(default_factory=list)
    enough_at: int | None = None
    """The index at which a plausible change that little speaks against has been given its rivals."""
