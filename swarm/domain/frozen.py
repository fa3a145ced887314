"""The base of every value that is stored or crosses a process border."""

from pydantic import BaseModel


class Frozen(BaseModel, frozen=True, extra="forbid"):
    """Immutable, compared by value, and deaf to fields that it does not know."""
