"""Issues that somebody who may has approved, as they were approved.

GitHub is asked anew for everything that counts: who set the label, whether they may write now, when
the text was last changed. What cannot be known is not approved.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from swarm.domain.canonical import Json
from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.goals import Tracker
from swarm.domain.grants import MOST_GRANTS, Grant
from swarm.domain.names import CommitHash, GoalId
from swarm.forge.github.approval import (
    LABEL,
    LINE,
    Approval,
    claims,
    grantings,
    pushers,
    renamed_at,
    stands,
)
from swarm.forge.github.board import mark_of
from swarm.forge.github.reading import (
    Place,
    SeenComment,
    SeenEvent,
    SeenIssue,
    Who,
    read,
)
from swarm.forge.github.rights import may_write, me
from swarm.forge.github.text import cleaned, digest_of, hidden
from swarm.forge.github.wire import Missing, Moved, Query, Wire
from swarm.forge.queries import EDITED

GITHUB = "https://api.github.com"
_NAME = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}"
_SHORT = re.compile(rf"({_NAME})#(\d{{1,9}})")
_URL = re.compile(rf"(https?://[^/\s]+)/({_NAME})/issues/(\d{{1,9}})/?")


@dataclass(frozen=True, slots=True)
class IssueName:
    repository: str
    number: int
    host: str = ""
    """Of a URL: `https://github.com`."""


@dataclass(frozen=True, slots=True)
class ApprovedIssue:
    tracker: Tracker
    goal_id: GoalId
    """The same approval is the same goal, whoever takes it up, however often."""

    text: str
    """For agents: only what a person could see."""

    hidden: tuple[str, ...]
    """For people: what they could not."""

    place: Place
    head: CommitHash
    """Of the default branch, now: what the goal begins with."""

    grants: tuple[Grant, ...] = ()
    """Protected places that people who may write let it change."""

    late: tuple[str, ...] = ()
    """Places that were granted after the approval, which counts for nothing until it is approved anew."""

    taken_by: str = ""
    """Who says there, in a status comment, that they work on it; empty = nobody."""


def issue_named(text: str) -> IssueName:
    """`owner/repo#12`, or the address of an issue. Raises Rejected."""
    if found := _SHORT.fullmatch(text.strip()):
        return IssueName(found[1], int(found[2]))
    if found := _URL.fullmatch(text.strip()):
        return IssueName(found[2], int(found[3]), found[1])
    raise Rejected(f"{text!r} names no issue", advice="write owner/repo#12, or its address")


async def place_of(wire: Wire, repository: str) -> Place:
    """Raises NeedsHuman for a repository that is not there, or cannot be written."""
    try:
        place = read(Place, await wire.ask("repository", {"repository": repository}))
    except Missing as error:
        raise NeedsHuman(
            f"there is no repository {repository}, or the token is not for it",
            advice="name it as it is called now; give the token access to it",
        ) from error
    if place.archived or place.disabled:
        raise NeedsHuman(f"{repository} is archived", advice="unarchive it, or stop swarm there")
    _demand_near(wire.api, place.clone_url)
    return place


async def fork_of(wire: Wire, tracker: Tracker) -> Place:
    """Where branches go that are not to run with the repository's secrets. A person makes it.

    Raises NeedsHuman where there is none, or where it is a fork of something else.
    """
    name = tracker.fork or f"{(await me(wire)).login}/{tracker.repository.split('/')[1]}"
    owner = name.split("/")[0]
    lacking = NeedsHuman(
        f"{name} is no fork of {tracker.repository} that the token may push to",
        advice=f"fork it as {owner}, under the same name; give the token write access to the fork",
    )
    try:
        place = read(Place, await wire.ask("repository", {"repository": name}))
    except Missing as error:
        raise lacking from error
    if not place.fork or place.parent is None or place.parent.id != tracker.repository_id:
        raise lacking
    _demand_near(wire.api, place.clone_url)
    return place


async def may_push(wire: Wire, tracker: Tracker, head: str) -> bool:
    """Whether a person who may write has said that this commit may be pushed."""
    at: Query = {"repository": tracker.repository, "number": tracker.issue}
    said = [read(SeenComment, each) for each in await wire.everything("comments", at)]
    found = pushers(said, head)
    ours = await me(wire) if found else Who()
    for who in found:
        if who.id != ours.id and await may_write(wire, tracker.repository, who):
            return True
    return False


def _demand_near(api: str, clone: str) -> None:
    """The token goes where the clone address says: that must be the same forge."""
    ours, theirs = urlsplit(api), urlsplit(clone)
    near = {ours.netloc, (ours.hostname or "").removeprefix("api.")}
    if theirs.netloc not in near or ours.scheme != theirs.scheme:
        raise NeedsHuman(f"{api} names a clone address elsewhere: {clone}")


async def open_issues(wire: Wire, repository: str) -> tuple[SeenIssue, ...]:
    """Those that are no pull requests, oldest first. One call when nothing is new."""
    query = {"state": "open", "sort": "created", "direction": "asc"}
    try:
        found = await wire.everything("issues", {"repository": repository}, query=query)
    except Missing as error:
        raise NeedsHuman(
            f"GitHub does not show the issues of {repository}: it was renamed or deleted, its issues"
            " are turned off, or the token is not for it",
            advice=f"swarm doctor --repo {repository}",
        ) from error
    seen = (read(SeenIssue, each) for each in found)
    return tuple(sorted((each for each in seen if not each.pull_request), key=lambda it: it.number))


async def may_be_approved(
    wire: Wire, repository: str, seen: SeenIssue, *, label: str = LABEL
) -> bool:
    """Whether it is worth the calls that it takes to know. Most issues are only talked about."""
    if any(name.lower() == label.lower() for name in seen.labels):
        return True
    at: Query = {"repository": repository, "number": seen.number}
    said = [read(SeenComment, each) for each in await wire.everything("comments", at)]
    return bool(claims((), said, label=label))


async def approved_issue(
    wire: Wire, repository: str, number: int, *, label: str = LABEL
) -> ApprovedIssue:
    """Raises NeedsHuman, with what is missing, for an issue that is not approved as it is now."""
    place = await place_of(wire, repository)
    at: Query = {"repository": place.full_name, "number": number}
    seen = await _issue(wire, at)
    events = [read(SeenEvent, each) for each in await wire.everything("events", at)]
    comments = [read(SeenComment, each) for each in await wire.everything("comments", at)]
    approval = await _by_a_writer(wire, place, claims(events, comments, label=label))
    if approval is None:
        raise _not_approved(place, number, label, "nobody with write access has approved it")
    edited = await _edited(wire, place, number)
    if not stands(approval, edited=edited, renamed=renamed_at(events)):
        why = f"its text was changed after {approval.by.login} had approved it"
        raise _not_approved(place, number, label, why)
    # Asked once more: what was read first may have been changed while we asked for the rest.
    again = await _issue(wire, at)
    if digest_of(again.title, again.text) != digest_of(seen.title, seen.text):
        raise _not_approved(place, number, label, "its text is being changed")
    found = _approved(wire.api, place, seen, approval, await _head(wire, place))
    grants, late = await _granted(wire, place, comments, approval, max(edited, renamed_at(events)))
    taken = await _taken_by(wire, place, found.goal_id, comments)
    return replace(found, grants=grants, late=late, taken_by=taken)


async def _granted(
    wire: Wire, place: Place, comments: Iterable[SeenComment], approval: Approval, changed: str
) -> tuple[tuple[Grant, ...], tuple[str, ...]]:
    """What was granted for the text as it is, until it was approved; and what came later."""
    granted, late, said = dict[str, Grant](), list[str](), grantings(comments)
    ours = await me(wire) if said else Who()
    for each in said:
        if each.at <= changed or each.by.id == ours.id:
            continue
        if not await may_write(wire, place.full_name, each.by):
            continue
        if each.at > approval.at:
            late += each.places
        else:
            granted |= {path: Grant(path=path, by=each.by.login) for path in each.places}
    return tuple(granted.values())[:MOST_GRANTS], tuple(late)


async def _taken_by(
    wire: Wire, place: Place, goal_id: GoalId, comments: Iterable[SeenComment]
) -> str:
    """Anybody can write a mark; of those who may write here, it is believed."""
    for each in comments:
        marked = each.user is not None and (each.body or "").startswith(mark_of(goal_id))
        if marked and each.user and await may_write(wire, place.full_name, each.user):
            return each.user.login
    return ""


async def whoami(wire: Wire) -> str:
    """The login that the token belongs to. Raises NeedsHuman for a token that is not accepted."""
    return (await me(wire)).login


async def _head(wire: Wire, place: Place) -> CommitHash:
    at: Query = {"repository": place.full_name, "branch": place.default_branch}
    answer = await wire.ask("branch", at)
    return CommitHash(str(answer["commit"]["sha"]))


async def why_revoked(wire: Wire, tracker: Tracker) -> str:
    """Why the approval that a goal was begun with holds no more; empty = it does."""
    try:
        place = await place_of(wire, tracker.repository)
    except NeedsHuman as error:
        return str(error)
    if place.id != tracker.repository_id:
        return f"{tracker.repository} is another repository now"
    if tracker.private and not place.private:
        return f"{tracker.repository} was made public meanwhile"
    at: Query = {"repository": tracker.repository, "number": tracker.issue}
    try:
        seen = read(SeenIssue, await wire.ask("issue", at))
    except (Missing, Moved):
        return f"issue #{tracker.issue} was deleted or moved"
    if seen.state != "open":
        return f"issue #{tracker.issue} was closed"
    if digest_of(seen.title, seen.text) != tracker.approved:
        return f"issue #{tracker.issue} was edited after {tracker.approver} had approved it"
    return ""


async def why_rewritten(wire: Wire, tracker: Tracker, base: CommitHash) -> str:
    """Why a branch that stands on `base` would bring back what people took out; empty = it would not."""
    place = await place_of(wire, tracker.repository)
    span = f"{base}...{place.default_branch}"
    try:
        told = await wire.ask(
            "compare", {"repository": tracker.repository, "span": span}, query={"per_page": 1}
        )
    except Missing:
        told = {}
    if isinstance(told, dict) and told.get("status") in ("ahead", "identical"):
        return ""
    return f"commit {base[:12]} is no longer in {place.default_branch}: its history was rewritten"


async def _issue(wire: Wire, at: Query) -> SeenIssue:
    try:
        seen = read(SeenIssue, await wire.ask("issue", at))
    except Missing as error:
        raise Rejected(f"there is no issue {at['number']} in {at['repository']}") from error
    if seen.pull_request:
        raise Rejected(f"#{seen.number} is a pull request")
    if seen.state != "open":
        raise Rejected(f"issue #{seen.number} is closed")
    return seen


async def _by_a_writer(wire: Wire, place: Place, found: tuple[Approval, ...]) -> Approval | None:
    """Swarm's own account approves nothing, even where it is a person's."""
    ours = await me(wire) if found else Who()
    for approval in found:
        if approval.by.id != ours.id and await may_write(wire, place.full_name, approval.by):
            return approval
    return None


async def _edited(wire: Wire, place: Place, number: int) -> str:
    """When the text was last changed; empty = never. Raises NeedsHuman when GitHub does not say."""
    owner, name = place.full_name.split("/")
    variables: Json = {"owner": owner, "name": name, "number": number}
    answer = await wire.ask("edited", {}, data={"query": EDITED, "variables": variables})
    try:
        return str(answer["data"]["repository"]["issue"]["lastEditedAt"] or "")
    except (KeyError, TypeError) as error:
        raise NeedsHuman(
            f"GitHub does not say when issue #{number} was last edited",
            advice="give the token read access to issues",
        ) from error


def _not_approved(place: Place, number: int, label: str, why: str) -> NeedsHuman:
    return NeedsHuman(
        f"issue {place.full_name}#{number} is not approved: {why}",
        advice=f"somebody with write access sets the label {label!r} (anew), or comments the one"
        f" line {LINE}",
    )


def _approved(
    api: str, place: Place, seen: SeenIssue, approval: Approval, head: CommitHash
) -> ApprovedIssue:
    digest = digest_of(seen.title, seen.text)
    named = f"{api}\0{place.id}\0{seen.number}\0{digest}\0{approval.at}"
    told = f"{cleaned(seen.title)}\n\n{cleaned(seen.text)}"
    return ApprovedIssue(
        tracker=Tracker(
            api=api,
            repository=place.full_name,
            repository_id=place.id,
            clone=place.clone_url,
            issue=seen.number,
            approved=digest,
            approver=approval.by.login,
            private=place.private,
        ),
        goal_id=GoalId(f"g-{hashlib.sha256(named.encode()).hexdigest()[:10]}"),
        text=told.strip(),
        hidden=hidden(f"{seen.title}\n{seen.text}"),
        place=place,
        head=head,
    )
