"""What went wrong, sorted by what to do about it, not by where it came from.

    Transient    wait, then make the same call again
    Rejected     the same call will fail again: say why, try another way
    Exhausted    the budget or the time is spent: end the contract
    NeedsHuman   only a person can go on: pause and ask
    Lacking      this machine lacks something: name the remedy

Anything that is not a `SwarmError` is a bug. The supervisor of the task it happened in records its
traceback and fails that task; everything else goes on.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any


class SwarmError(Exception):
    """Base of the errors that swarm raises on purpose. Raise a subclass."""

    advice: str = ""

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders. The default, `type(self)(*self.args)`, forgets keyword-only
        # arguments and fails on the other side, where the error then no longer is itself.
        return _revive, (type(self), self.args, vars(self))


def _revive(cls: type[SwarmError], args: tuple[Any, ...], state: Mapping[str, Any]) -> SwarmError:
    error = cls.__new__(cls, *args)
    vars(error).update(state)
    return error


class Transient(SwarmError):
    """The same call may well work later."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rejected(SwarmError):
    """The same call will never work."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class Exhausted(SwarmError):
    """A limit that was set for this work has been reached."""


class NeedsHuman(SwarmError):
    """A permission, a credential or a judgement is missing."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class Lacking(SwarmError):
    """The machine cannot do this as it is; `advice` is the remedy."""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice
