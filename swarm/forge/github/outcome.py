"""What has become of a pull request: merged or closed, what checks say, what reviewers ask for."""

from collections.abc import Iterable
from typing import Literal

from swarm.domain.errors import Rejected
from swarm.domain.frozen import Frozen
from swarm.domain.names import CommitHash
from swarm.domain.tasks import Finding
from swarm.forge.github.board import CONTEXT
from swarm.forge.github.reading import (
    Combined,
    SeenCheck,
    SeenPull,
    SeenReview,
    SeenStatus,
    read,
)
from swarm.forge.github.text import cleaned
from swarm.forge.github.wire import Missing, Query, Wire
from swarm.forge.port import PullRequestState

Checks = Literal["none", "pending", "green", "red"]
_RED = frozenset({"failure", "timed_out", "cancelled", "action_required", "startup_failure"})
_TAIL = 4_000
"""Characters of a failing check's output: its end, where the failure is."""


class Outcome(Frozen):
    state: PullRequestState
    draft: bool = False
    head: CommitHash
    """Where the branch is now: people may have gone on with it."""

    checks: Checks = "none"
    findings: tuple[Finding, ...] = ()
    """Of red checks and of reviews that ask for changes."""


async def look(wire: Wire, repository: str, number: int) -> Outcome:
    """Raises Rejected for a pull request that is not there."""
    at: Query = {"repository": repository}
    try:
        seen = read(SeenPull, await wire.ask("pull", {**at, "number": number}))
    except Missing as error:
        raise Rejected(f"there is no pull request {number}") from error
    head = CommitHash(seen.head.sha)
    if seen.merged_at or seen.state == "closed":
        return Outcome(state="merged" if seen.merged_at else "closed", head=head)
    runs = await wire.everything("checks", {**at, "sha": head}, within="check_runs")
    combined = read(Combined, await wire.ask("status", {**at, "sha": head}))
    reviews = await wire.everything("reviews", {**at, "number": number})
    checks = [read(SeenCheck, each) for each in runs]
    others = [each for each in combined.statuses if each.context != CONTEXT]
    asked = changes_asked((read(SeenReview, each) for each in reviews), head)
    return Outcome(
        state="open",
        draft=seen.draft,
        head=head,
        checks=state_of(checks, others),
        findings=(*_failures(checks), *asked),
    )


def state_of(checks: Iterable[SeenCheck], statuses: Iterable[SeenStatus]) -> Checks:
    """Red as soon as one is red, green when all are done and none is."""
    words = [
        "pending" if each.status != "completed"
        else "red" if each.conclusion in _RED
        else "green"
        for each in checks
    ]  # fmt: skip
    words += [
        {"success": "green", "pending": "pending"}.get(each.state, "red") for each in statuses
    ]
    worst: tuple[Checks, ...] = ("red", "pending", "green")
    return next((word for word in worst if word in words), "none")


def _failures(checks: Iterable[SeenCheck]) -> Iterable[Finding]:
    for each in checks:
        if each.conclusion in _RED:
            output = each.output.text or each.output.summary or each.conclusion or ""
            yield Finding(rule="ci", message=f"{cleaned(each.name)}: {cleaned(output)[-_TAIL:]}")


def changes_asked(reviews: Iterable[SeenReview], head: CommitHash) -> tuple[Finding, ...]:
    """Of each person the last word counts; what was said of another commit is answered."""
    last: dict[str, SeenReview] = {}
    for each in reviews:
        if each.user is not None and each.user.is_person and each.state != "COMMENTED":
            last[each.user.login] = each
    return tuple(
        Finding(rule="review", message=f"{login}: {cleaned(each.body or '')[:_TAIL]}")
        for login, each in sorted(last.items())
        if each.state == "CHANGES_REQUESTED" and each.commit_id in (None, head)
    )
