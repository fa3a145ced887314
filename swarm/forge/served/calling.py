"""A call as it came in, and what is answered."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from swarm.domain.errors import Rejected
from swarm.forge.served.values import Account, Repository

Body = TypeVar("Body", bound=BaseModel)


class Refused(Rejected):
    """Answered with this status, in GitHub's words."""

    def __init__(self, status: int, message: str, errors: Sequence[object] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Call:
    account: Account
    at: dict[str, str]
    """What stands in the variable parts of the path."""

    query: dict[str, str]
    data: Any
    base: str
    """Where the forge is reached: `http://127.0.0.1:8410`."""

    found: Repository | None = None

    @property
    def repository(self) -> Repository:
        assert self.found is not None
        return self.found

    @property
    def number(self) -> int:
        return whole(self.at["number"])

    def read(self, model: type[Body]) -> Body:
        """What was sent. Raises Refused (422) when it is not what is expected."""
        try:
            return model.model_validate(self.data if self.data is not None else {}, strict=True)
        except ValidationError as error:
            wrong = [
                {
                    "field": ".".join(map(str, each["loc"])),
                    "code": "invalid",
                    "message": each["msg"],
                }
                for each in error.errors(include_url=False)
            ]
            raise Refused(422, "Validation Failed", wrong) from error


@dataclass(frozen=True, slots=True)
class Reply:
    data: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


def whole(text: str) -> int:
    """Raises Refused (404): what is no number names nothing."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Refused(404, "Not Found")
    return int(text)
