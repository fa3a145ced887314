"""What is made of a run that ended without a result: one honest sentence each, never a stuck goal."""

from collections.abc import Mapping
from datetime import UTC, datetime

from swarm.engines.cli.sightings import Failed, Trouble

_SAID: Mapping[Trouble, str] = {
    "logged-out": "is logged out, or its key is refused; log in and run the goal again",
    "quota": "has used up its quota",
    "overloaded": "gets no answer: its provider is overloaded or does not answer",
    "refused": "is refused by its provider",
    "failed": "failed",
    "unknown-output": "printed nothing that is understood; its version may be newer than what is known here",
    "hanging": "said nothing for too long, and was ended",
    "killed": "was killed",
    "walled": "was kept from a host that it needs; engine_hosts names those that it may reach",
    "over-budget": "would have cost more than the budget",
}


_PROXY = "the sandbox's proxy refuses"


def named(failed: Failed) -> Failed:
    """By what we know better than the agent: what looks like its provider's no can be our proxy's."""
    return Failed("walled", failed.text) if _PROXY in failed.text else failed


def sentence(title: str, failed: Failed, until: int | None = None) -> str:
    """For people and the journal."""
    told = f"{title} {_SAID[failed.kind]}"
    if failed.kind == "quota" and until:
        told += f" until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC"
    text = " ".join(failed.text.split())[:400]
    return f"{told}: {text}" if text else told
