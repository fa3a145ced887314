"""The base of every value that is stored or crosses a process border."""

from typing import Any, TypeVar

from pydantic import BaseModel


class Frozen(BaseModel, frozen=True, extra="forbid"):
    """Immutable, compared by value, and deaf to fields that it does not know."""


Made = TypeVar("Made", bound=Frozen)

_new = object.__new__
_put, _put_names, _put_extra, _put_private = (
    BaseModel.__dict__[slot].__set__
    for slot in (
        "__dict__",
        "__pydantic_fields_set__",
        "__pydantic_extra__",
        "__pydantic_private__",
    )
)
"""The setters of a value's slots themselves: by name, past its own refusal to change, takes twice as long."""

_NAMES: dict[type[Frozen], set[str]] = {}
"""Which fields a value made unchecked has: all of its kind, so one set does for all of a kind."""


def unchecked(kind: type[Made], fields: dict[str, Any]) -> Made:
    """The value with these fields, all of them, as they stand: for numbers that our own code has just computed.

    A tenth of the price of the check, which counts where one decision makes ten thousand of them.
    """
    made = _new(kind)
    _put(made, fields)
    _put_names(made, _NAMES.get(kind) or _named(kind, fields))
    _put_extra(made, None)
    _put_private(made, None)
    return made


def _named(kind: type[Frozen], fields: dict[str, Any]) -> set[str]:
    return _NAMES.setdefault(kind, set(fields))
