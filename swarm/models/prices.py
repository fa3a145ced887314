"""What tokens cost, and the most that a call can cost before it is made.

The table (`prices.toml`) is data with dates. What it does not know costs as much as the dearest that
it knows of the same provider; a model on the user's own machine costs nothing; any other has to be
given a price by the user.
"""

import tomllib
from collections.abc import Sequence
from datetime import date, timedelta
from importlib import resources
from typing import Any

from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.frozen import Frozen
from swarm.domain.money import micro_usd
from swarm.models.conversation import Measured, Usage

MILLION = 1_000_000
MOST_AGE = timedelta(days=120)
"""Prices fall several times a year; a table that is older says so."""

OVERHEAD_TOKENS = 1_500
"""What a provider adds to what it is sent: its own words about tools."""


class Price(Frozen):
    """Micro-USD for a million tokens of each kind."""

    input: int
    output: int
    cache_read: int
    cache_write: int
    assumed: bool = False
    """Nobody published it for this model: the dearest known."""


class Row(Frozen):
    provider: str
    model: str
    since: date
    price: Price


FREE = Price(input=0, output=0, cache_read=0, cache_write=0)


def table() -> tuple[Row, ...]:
    return tuple(_row(each) for each in _document()["price"])


def seen() -> date:
    """When the table was last compared with what providers publish."""
    day = _document()["seen"]
    assert isinstance(day, date)
    return day


def aged(on: date) -> str:
    """What to say of a table that has grown old by that day; empty while it has not."""
    age = on - seen()
    if age <= MOST_AGE:
        return ""
    return f"the prices of models are of {seen()}, {age.days} days ago: give engine_price what they are now"


def _document() -> dict[str, Any]:
    text = resources.files("swarm.models").joinpath("prices.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _row(told: dict[str, object]) -> Row:
    kinds = ("input", "output", "cache_read", "cache_write")
    price = Price(**{kind: micro_usd(str(told[kind])) for kind in kinds})  # type: ignore[arg-type]
    return Row.model_validate(
        {"provider": told["provider"], "model": told["model"], "since": told["since"]}
        | {"price": price}
    )


def price_of(provider: str, model: str, on: date, rows: Sequence[Row]) -> Price:
    """Raises NeedsHuman when nobody can say."""
    known = [row for row in rows if row.provider == provider and row.since <= on]
    fitting = [row for row in known if model.startswith(row.model)]
    if fitting:
        return max(fitting, key=lambda row: (len(row.model), row.since)).price
    if known:
        return max(known, key=lambda row: row.price.output).price.model_copy(
            update={"assumed": True}
        )
    raise NeedsHuman(
        f"what {model} costs is not known here",
        advice='say it in dollars for a million tokens read and written: model_price = "0.5/2"',
    )


def read_price(text: str) -> Price:
    """`3/15` or `3/15/0.3`: dollars for a million tokens read, written, and read from a cache; without the
    last, a cache saves nothing. Raises Rejected.
    """
    parts = text.split("/")
    if len(parts) not in (2, 3):
        raise Rejected(
            f"{text!r} is no price of tokens", advice='write it like "3/15" or "3/15/0.3"'
        )
    read, written, *cached = (micro_usd(part) for part in parts)
    if min(read, written, *cached) < 0:
        raise Rejected(f"{text!r} is negative")
    return Price(
        input=read,
        output=written,
        cache_read=cached[0] if cached else read,
        cache_write=read + read // 4,
    )


def cost_of(usage: Usage, price: Price) -> int:
    """Micro-USD, rounded up."""
    total = (
        usage.fresh * price.input
        + usage.cache_read * price.cache_read
        + usage.cache_written * price.cache_write
        + usage.output * price.output
    )
    return -(-total // MILLION)


def most_tokens(size: int, measured: Measured) -> int:
    """The most tokens that a request of so many bytes can have: no token is shorter than a byte."""
    if 0 < measured.size <= size:
        return measured.tokens + size - measured.size + OVERHEAD_TOKENS
    return size + OVERHEAD_TOKENS


def most_cost(size: int, max_tokens: int, measured: Measured, price: Price) -> int:
    """The most that a call can cost, in micro-USD."""
    dearest = max(price.input, price.cache_write, price.cache_read)
    total = most_tokens(size, measured) * dearest + max_tokens * price.output
    return -(-total // MILLION)
