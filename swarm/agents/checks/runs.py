"""How a checker runs the suite: what all that execute have in common."""

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_hex

from swarm.tools.public_api import TEST_SECONDS


def new_nonce() -> str:
    return token_hex(16)


@dataclass(frozen=True, slots=True)
class Runs:
    wall_seconds: float
    """For one whole run of the suite."""

    test_seconds: float = TEST_SECONDS
    """For one single test."""

    nonces: Callable[[], str] = new_nonce
    """What a run's report must name, so that nobody makes it beforehand."""
