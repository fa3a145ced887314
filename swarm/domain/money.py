"""Money is an integer number of micro-USD, a probability an integer number of parts per million.

Floats do not add up and do not hash the same everywhere; what is folded from the journal must do both.
"""

from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import Field

from swarm.domain.errors import Rejected

MicroUsd = Annotated[int, Field(strict=True)]
Ppm = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]

USD = 1_000_000
CERTAIN = 1_000_000
"""Probability one, in parts per million."""


def micro_usd(dollars: str) -> int:
    """Read dollars as a person writes them: `2`, `0.05`, `$3.20`. Raises Rejected."""
    try:
        amount = Decimal(dollars.strip().removeprefix("$"))
        exact = amount * USD
        if not amount.is_finite() or exact != exact.to_integral_value():
            raise InvalidOperation
    except InvalidOperation:
        raise Rejected(
            f"{dollars!r} is not an amount of dollars", advice="write it like 2 or 0.05"
        ) from None
    return int(exact)


def dollars(amount: int) -> str:
    """`$0.0123`: at least two, at most six decimals."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), USD)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole}.{decimals}"
