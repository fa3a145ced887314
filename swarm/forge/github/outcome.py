"""What has become of a pull request: merged or closed, what checks say, what reviewers ask for.

A review that asks for changes counts when its author may write there: on a public repository anybody can
write one, and what it says goes to agents and costs money. A look takes what lists say, and costs nothing
where nothing is new; the log of a failed step and the remarks at single lines are fetched when somebody
is about to work on them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.frozen import Frozen
from swarm.domain.names import CommitHash
from swarm.domain.tasks import Finding
from swarm.forge.github.board import CONTEXT
from swarm.forge.github.reading import (
    Combined,
    SeenCheck,
    SeenCommit,
    SeenPull,
    SeenRemark,
    SeenReview,
    SeenStatus,
    Word,
    read,
)
from swarm.forge.github.rights import may_write
from swarm.forge.github.text import cleaned
from swarm.forge.github.wire import Missing, Query, Wire
from swarm.forge.port import PullRequestState

Checks = Literal["none", "pending", "green", "red"]
TAIL = 4_000
"""Characters of a failing step's log: its end, where the failure is."""

MOST = 20
"""Findings: whoever has more to say has said enough."""

_STAMP = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z ?", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_STEP, _FAILED = "##[group]Run ", "##[error]"


class Outcome(Frozen):
    state: PullRequestState
    draft: bool = False
    head: CommitHash
    """Where the branch is now: people may have gone on with it."""

    checks: Checks = "none"
    waits: bool = False
    """Some checks are not done yet."""

    asks: tuple[str, ...] = ()
    """Names of what failed (`ci:tests`) and of reviews that ask for changes (`review:17`)."""


async def look(wire: Wire, repository: str, number: int) -> Outcome:
    """Raises Rejected for a pull request that is not there."""
    seen = await _pull(wire, repository, number)
    head = CommitHash(seen.head.sha)
    if seen.merged_at or seen.state == "closed":
        return Outcome(state="merged" if seen.merged_at else "closed", head=head)
    checks = await _checks(wire, repository, head)
    statuses = await _statuses(wire, repository, head)
    failed = [each.name for each in checks if each.word == "red"]
    failed += [each.context for each in statuses if each.word == "red"]
    reviews = await _reviews(wire, repository, seen)
    return Outcome(
        state="open",
        draft=seen.draft,
        head=head,
        checks=state_of(checks, statuses),
        waits="pending" in words_of(checks, statuses),
        asks=(*(f"ci:{name}" for name in failed), *(f"review:{each.id}" for each in reviews)),
    )


def state_of(checks: Iterable[SeenCheck], statuses: Iterable[SeenStatus]) -> Checks:
    """Red as soon as one is red, green when all are done and none is."""
    words = words_of(checks, statuses)
    worst: tuple[Checks, ...] = ("red", "pending", "green")
    return next((word for word in worst if word in words), "none")


def words_of(checks: Iterable[SeenCheck], statuses: Iterable[SeenStatus]) -> set[Word]:
    return {each.word for each in checks} | {each.word for each in statuses}


async def explain(wire: Wire, repository: str, number: int) -> tuple[Finding, ...]:
    """What failed there and what people ask for, in their words: it is data, and cleaned."""
    seen = await _pull(wire, repository, number)
    head = CommitHash(seen.head.sha)
    checks = [it for it in await _checks(wire, repository, head) if it.word == "red"]
    found = [_failure(each.name, await _output(wire, repository, each)) for each in checks]
    statuses = [it for it in await _statuses(wire, repository, head) if it.word == "red"]
    found += [_failure(each.context, each.description or each.state) for each in statuses]
    if reviews := {each.id: each for each in await _reviews(wire, repository, seen)}:
        at: Query = {"repository": repository, "number": number}
        remarks = await wire.everything("remarks", at)
        found += _wanted(reviews, [read(SeenRemark, each) for each in remarks])
    return tuple(found[:MOST])


async def reverted(wire: Wire, repository: str, number: int) -> str:
    """The commit in the default branch that takes back what was merged; empty = there is none.

    Git and GitHub both write the same line into it. Of what is newer than the merge, the last hundred
    commits are read.
    """
    seen = await _pull(wire, repository, number)
    if not seen.merged_at:
        return ""
    query: Query = {"since": seen.merged_at, "per_page": 100}
    found = await wire.ask("commits", {"repository": repository}, query=query)
    lines = [f"This reverts commit {sha}" for sha in (seen.merge_commit_sha, seen.head.sha) if sha]
    for commit in [read(SeenCommit, each) for each in found if isinstance(each, dict)]:
        if any(line in commit.commit.message for line in lines):
            return commit.sha
    return ""


async def _pull(wire: Wire, repository: str, number: int) -> SeenPull:
    try:
        return read(SeenPull, await wire.ask("pull", {"repository": repository, "number": number}))
    except Missing as error:
        raise Rejected(f"there is no pull request {number}") from error


# Checks -----------------------------------------------------------------------------------------


async def _checks(wire: Wire, repository: str, head: CommitHash) -> list[SeenCheck]:
    at: Query = {"repository": repository, "sha": head}
    return [read(SeenCheck, it) for it in await wire.everything("checks", at, within="check_runs")]


async def _statuses(wire: Wire, repository: str, head: CommitHash) -> list[SeenStatus]:
    """Those of others: our own says what the quorum said."""
    combined = read(Combined, await wire.ask("status", {"repository": repository, "sha": head}))
    return [each for each in combined.statuses if each.context != CONTEXT]


def _failure(name: str, told: str) -> Finding:
    return Finding(rule="ci", message=f"{cleaned(name)[:200]}: {cleaned(told)[-TAIL:]}")


async def _output(wire: Wire, repository: str, check: SeenCheck) -> str:
    """A job of GitHub's own CI says nothing but in its log; others say it in the check."""
    said = check.output.text or check.output.summary or check.conclusion or ""
    if check.app is None or check.app.slug != "github-actions":
        return said
    try:
        log = await wire.text("job log", {"repository": repository, "id": check.id})
    except (Missing, NeedsHuman, Rejected):
        return said
    return failed_step(log) or said


def failed_step(log: str) -> str:
    """The end of the first step that failed, as its author saw it: without times and colours."""
    plain = _COLOUR.sub("", _STAMP.sub("", log.replace("\r\n", "\n")))
    until = plain.find(_FAILED)
    if until >= 0:
        end = plain.find("\n", until)
        plain = plain[: end if end >= 0 else len(plain)]
        plain = plain[max(plain.rfind(_STEP), 0) :]
    return plain.strip()[-TAIL:]


# Reviews ----------------------------------------------------------------------------------------


async def _reviews(wire: Wire, repository: str, pull: SeenPull) -> list[SeenReview]:
    """Those that ask for changes of what is there now, by people who may write."""
    at: Query = {"repository": repository, "number": pull.number}
    found = [read(SeenReview, each) for each in await wire.everything("reviews", at)]
    asking = changes_asked(found, CommitHash(pull.head.sha))
    return [each for each in asking if each.user and await may_write(wire, repository, each.user)]


def changes_asked(reviews: Iterable[SeenReview], head: CommitHash) -> tuple[SeenReview, ...]:
    """Of each person the last word counts; what was said of another commit is answered."""
    last: dict[str, SeenReview] = {}
    for each in reviews:
        if each.user is not None and each.user.is_person and each.state != "COMMENTED":
            last[each.user.login] = each
    return tuple(
        each
        for _, each in sorted(last.items())
        if each.state == "CHANGES_REQUESTED" and each.commit_id in (None, head)
    )


def _wanted(reviews: Mapping[int, SeenReview], remarks: Iterable[SeenRemark]) -> Iterator[Finding]:
    """What a review says as a whole, then what it says at single lines."""
    for each in reviews.values():
        yield Finding(rule="review", message=f"{_name(each)}: {_said(each.body)}")
    for remark in remarks:
        if (review := reviews.get(remark.pull_request_review_id or 0)) is not None:
            yield Finding(
                rule="review",
                message=f"{_name(review)}: {_said(remark.body)}",
                path=cleaned(remark.path)[:500],
                line=remark.line or 0,
            )


def _name(review: SeenReview) -> str:
    return review.user.login if review.user else "somebody"


def _said(body: str | None) -> str:
    return cleaned(body or "")[:TAIL]
