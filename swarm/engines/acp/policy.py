"""What an agent may do when it asks: everything that the sandbox bounds, once; nothing beyond it.

Walls stand whether it asks or not. The answer keeps agents at work that would wait for one, and refuses what
could only be meant to reach out. Leave is given once: what is always allowed would not be asked again.
"""

from collections.abc import Mapping
from typing import Literal

from swarm.engines.cli.sightings import at

Decision = Literal["allow", "refuse"]

_REACHING_OUT = ("fetch",)
_ALLOWING = ("allow_once", "allow_always")
_REFUSING = ("reject_once", "reject_always")


def decide(request: Mapping[str, object]) -> Decision:
    kind = at(request, "toolCall", "kind")
    return "refuse" if kind in _REACHING_OUT else "allow"


def answer(request: Mapping[str, object]) -> dict[str, object]:
    """The outcome in the protocol's words; cancelled where no option fits."""
    wanted = _ALLOWING if decide(request) == "allow" else _REFUSING
    options = request.get("options")
    known = (
        [each for each in options if isinstance(each, Mapping)] if isinstance(options, list) else []
    )
    for kind in wanted:
        for option in known:
            if option.get("kind") == kind and isinstance(option.get("optionId"), str):
                return {"outcome": {"outcome": "selected", "optionId": option["optionId"]}}
    return {"outcome": {"outcome": "cancelled"}}
