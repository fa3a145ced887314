"""What both protocols share in reading answers: JSON as an enemy may write it, and arguments of tools."""

import json
import math
from typing import Never

from swarm.models.conversation import Call
from swarm.models.trouble import Trouble

MOST_CALLS = 32
"""Calls in one answer; more is not work but noise."""

MOST_ARGUMENTS = 2 << 20
"""Bytes of one call's arguments."""


def read_object(text: str) -> dict[str, object]:
    """A JSON object. Raises Trouble for anything else."""
    try:
        found = parsed(text)
    except ValueError as error:
        raise Trouble("garbage", f"no JSON where JSON belongs: {error}"[:200]) from error
    if not isinstance(found, dict):
        raise Trouble("garbage", "no object where an object belongs")
    return found


def parsed(text: str) -> object:
    """Strict JSON: no NaN, no infinity, no number beyond a float. Raises ValueError."""
    try:
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("too deep") from error


def _refuse(word: str) -> Never:
    raise ValueError(f"{word} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is too large")
    return number


def read_call(call_id: str, name: str, text: str) -> Call:
    """A call as the model wrote it; arguments that cannot be read make it `broken`, never executed."""
    if len(text) > MOST_ARGUMENTS:
        return Call(id=call_id, name=name, broken=f"the arguments have {len(text)} characters")
    try:
        arguments = parsed(text or "{}")
    except ValueError as error:
        return Call(id=call_id, name=name, broken=f"the arguments are no JSON: {error}"[:200])
    if not isinstance(arguments, dict):
        return Call(id=call_id, name=name, broken="the arguments are no object")
    return Call(id=call_id, name=name, arguments=arguments)


def count(told: object) -> int:
    """A number of tokens; what is no such number is none."""
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else 0


def text_of(told: object) -> str:
    return told if isinstance(told, str) else ""


def object_of(told: object) -> dict[str, object]:
    return told if isinstance(told, dict) else {}
