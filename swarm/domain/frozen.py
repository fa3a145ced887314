"""The base of every value that is stored or crosses a process border."""

from typing import Any, TypeVar

from pydantic import BaseModel


class Frozen(BaseModel, frozen=True, extra="forbid"):
    """Immutable, compared by value, and deaf to fields that it does not know."""


Made = TypeVar("Made", bound=Frozen)

_put = object.__setattr__
_NAMES: dict[type[Frozen], set[str]] = {}
"""Which fields a value made unchecked has: all of its kind, so one set does for all of a kind."""


def unchecked(kind: type[Made], fields: dict[str, Any]) -> Made:
    """The value with these fields, all of them, as they stand: for numbers that our own code has just computed.

    A fifth of the price of the check, which counts where one decision makes ten thousand of them.
    """
    made = kind.__new__(kind)
    _put(made, "__dict__", fields)
    _put(made, "__pydantic_fields_set__", _NAMES.get(kind) or _named(kind, fields))
    _put(made, "__pydantic_extra__", None)
    _put(made, "__pydantic_private__", None)
    return made


def _named(kind: type[Frozen], fields: dict[str, Any]) -> set[str]:
    return _NAMES.setdefault(kind, set(fields))
