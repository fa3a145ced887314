"""How many tokens a model's request and its answer may have together.

The table (`windows.toml`) is data with dates. Of what it does not name, the usual size of hosted models is
assumed; whoever runs a model of their own knows how much they gave it, and says so.
"""

import tomllib
from datetime import date
from functools import cache
from importlib import resources

from pydantic import Field

from swarm.domain.frozen import Frozen

USUAL = 200_000
"""Assumed of what no row names."""

LEAST, MOST = 2_000, 100_000_000
"""What can be meant by a window."""


class Reach(Frozen):
    provider: str
    model: str
    """The beginning of its name."""

    since: date
    tokens: int = Field(ge=LEAST, le=MOST)


@cache
def reaches() -> tuple[Reach, ...]:
    file = resources.files("swarm.models").joinpath("windows.toml")
    rows = tomllib.loads(file.read_text(encoding="utf-8"))["window"]
    return tuple(Reach.model_validate(each) for each in rows)


def window_of(provider: str, model: str, on: date) -> int:
    return known_window(provider, model, on) or USUAL


def known_window(provider: str, model: str, on: date) -> int | None:
    """The row with the longest beginning of the name counts, and of those the latest that has begun."""
    fitting = [
        row
        for row in reaches()
        if row.provider == provider and row.since <= on and model.startswith(row.model)
    ]
    if not fitting:
        return None
    return max(fitting, key=lambda row: (len(row.model), row.since)).tokens
