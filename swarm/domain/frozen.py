"""The base of every value that is stored or crosses a process border."""

from typing import Any, TypeVar

from pydantic import BaseModel


class Frozen(BaseModel, frozen=True, extra="forbid"):
    """Immutable, compared by value, and deaf to fields that it does not know."""


Made = TypeVar("Made", bound=Frozen)


def unchecked(kind: type[Made], fields: dict[str, Any]) -> Made:
    """The value with these fields, all of them, as they stand: for numbers that our own code has just computed.

    A fifth of the price of the check, which counts where one decision makes ten thousand of them.
    """
    made = kind.__new__(kind)
    put = object.__setattr__
    put(made, "__dict__", fields)
    put(made, "__pydantic_fields_set__", set(fields))
    put(made, "__pydantic_extra__", None)
    put(made, "__pydantic_private__", None)
    return made
