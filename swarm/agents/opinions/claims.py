"""The forms in which models answer, and what of it can be held against the tree. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, ValidationError

from swarm.domain.frozen import Frozen
from swarm.models.public_api import Call, Tool

MOST_CLAIMS = 6
MOST_CODE = 8_000
MOST_WORDS = 600

Opinion = Literal["right", "wrong", "cannot-tell"]


class Objection(Frozen):
    """One mistake that a reviewer says there is."""

    problem: str = Field(
        min_length=5, max_length=MOST_WORDS, description="What goes wrong, and when."
    )
    path: str = Field(default="", max_length=500, description="The changed file it is in.")
    quote: str = Field(
        default="", max_length=500, description="One line of that file, exactly as it stands there."
    )
    check: str = Field(
        default="",
        max_length=MOST_CODE,
        description="A complete test file that fails because of the mistake.",
    )


class Review(Frozen):
    """The reviewer's answer."""

    verdict: Opinion
    findings: tuple[Objection, ...] = Field(default=(), max_length=MOST_CLAIMS)


class Case(Frozen):
    """One test that a tester proposes."""

    expects: str = Field(
        min_length=5, max_length=MOST_WORDS, description="What must hold, and why."
    )
    check: str = Field(min_length=1, max_length=MOST_CODE, description="A complete test file.")


class Cases(Frozen):
    """The tester's answer."""

    cases: tuple[Case, ...] = Field(default=(), max_length=MOST_CLAIMS)


@dataclass(frozen=True, slots=True)
class Claim:
    """What is left of an answer: words, and what can show them."""

    words: str
    check: str = ""
    path: str = ""
    line: int = 0


REVIEW = Tool(name="review", description="Your review.", parameters=Review.model_json_schema())
CASES = Tool(name="cases", description="Your cases.", parameters=Cases.model_json_schema())


def read_review(call: Call | None, texts: Mapping[str, str]) -> tuple[Opinion, tuple[Claim, ...]]:
    """Findings that have a check, or whose quotation stands in the file. `texts`: the changed files."""
    if call is None:
        return "cannot-tell", ()
    try:
        review = Review.model_validate(call.arguments)
    except ValidationError:
        return "cannot-tell", ()
    claims = tuple(claim for each in review.findings if (claim := _claim(each, texts)) is not None)
    return review.verdict, claims


def _claim(objection: Objection, texts: Mapping[str, str]) -> Claim | None:
    line = _line(objection.quote, texts.get(objection.path, ""))
    if not objection.check.strip() and not line:
        return None
    words = " ".join(objection.problem.split())
    path = objection.path if objection.path in texts else ""
    return Claim(words, objection.check, path, line)


def _line(quote: str, text: str) -> int:
    """Where the quoted line stands, from 1; 0 where it does not."""
    wanted = quote.strip()
    numbered = enumerate(text.splitlines(), start=1)
    return next((at for at, line in numbered if wanted and line.strip() == wanted), 0)


def read_cases(call: Call | None) -> tuple[Opinion, tuple[Claim, ...]]:
    if call is None:
        return "cannot-tell", ()
    try:
        cases = Cases.model_validate(call.arguments).cases
    except ValidationError:
        return "cannot-tell", ()
    return "right", tuple(Claim(" ".join(each.expects.split()), each.check) for each in cases)
