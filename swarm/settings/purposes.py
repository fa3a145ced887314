"""Another model for one purpose: who plans, and who reviews, where that is not who writes."""

from typing import Literal

from pydantic import Field, model_validator

from swarm.domain.frozen import Frozen
from swarm.settings.sections import read_named


class ModelChoice(Frozen):
    """A section `[models.review]` or `[models.plan]`."""

    purpose: Literal["plan", "review"]
    engine: Literal["", "claude", "openai"] = ""
    """The protocol; empty: the writing engine's own, at its address."""

    model: str = ""
    url: str = ""
    price: str = ""
    """Dollars for a million tokens read, written and cached; empty: as the price table says."""

    window: int = Field(default=0, ge=0, le=100_000_000, strict=True)
    """Tokens that it reads and writes in one call, at most; 0: as the table of windows says."""

    def __str__(self) -> str:
        return f"{self.purpose}: {self.model or self.engine}"

    @model_validator(mode="after")
    def _names_one(self) -> "ModelChoice":
        if not self.model and not self.engine:
            raise ValueError("it names no model: model = ..., engine = ...")
        return self


def read_choices(value: object) -> object:
    """From sections `[models.PURPOSE]`."""
    return read_named(value, "purpose", "[models.review], [models.plan]")
