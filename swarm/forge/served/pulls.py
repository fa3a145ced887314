"""Pull requests and their reviews.

Heads are read from git each time. A pull request whose head has arrived in its base was merged by
whoever pushed that; there is no other way to merge one here.
"""

import re
from typing import Literal

from pydantic import BaseModel, Field

from swarm.domain.names import CommitHash
from swarm.forge.port import LONGEST_BODY, LONGEST_TITLE
from swarm.forge.served import rendering
from swarm.forge.served.calling import Call, Refused, Reply
from swarm.forge.served.tickets import ChangedTicket, changed, ended, found_ticket
from swarm.forge.served.values import Pull, Remark, Repository, Review, ReviewState, Ticket
from swarm.forge.served.world import World

_CLOSES = re.compile(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\s+#(\d{1,9})\b", re.IGNORECASE)
_STATES: dict[str, ReviewState] = {
    "APPROVE": "APPROVED",
    "REQUEST_CHANGES": "CHANGES_REQUESTED",
    "COMMENT": "COMMENTED",
}


class NewPull(BaseModel):
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    head: str = Field(min_length=1)
    base: str = Field(min_length=1)
    body: str | None = Field(default="", max_length=LONGEST_BODY)
    draft: bool = False


class NewRemark(BaseModel):
    path: str = Field(min_length=1)
    line: int = Field(ge=1)
    body: str = Field(min_length=1, max_length=LONGEST_BODY)


class NewReview(BaseModel):
    event: Literal["APPROVE", "REQUEST_CHANGES", "COMMENT"]
    body: str = Field(default="", max_length=LONGEST_BODY)
    comments: list[NewRemark] = Field(default_factory=list)


def list_pulls(world: World, call: Call) -> Reply:
    state, head, base = (call.query.get(key, "") for key in ("state", "head", "base"))
    found = [
        it
        for it in (seen(world, call.repository, each) for each in _pulls(world, call.repository))
        if it.pull is not None
        and (state or "open") in ("all", it.state)
        and head in ("", f"{_owner(world, call.repository, it.pull)}:{it.pull.head}")
        and base in ("", it.pull.base)
    ]
    found.sort(key=lambda it: -it.number)
    return Reply([rendering.pull(world, it, call.repository, call.base) for it in found])


def open_pull(world: World, call: Call) -> Reply:
    """Raises Refused (422) for a branch that is not there, has nothing new, or has one already."""
    asked, within = call.read(NewPull), call.repository
    owner, _, branch = asked.head.rpartition(":")
    trunk, theirs = world.trunk(within), _side(world, within, owner)
    if theirs is None or not world.may(theirs, call.account, "write"):
        raise _invalid("head", "invalid")
    # Numbers are given out one call at a time, so this is the one that the pull request will have.
    number = (world.repositories.get(within.id) or within).next_number
    head, base = _head(world, within, theirs, branch, number), trunk.head(asked.base)
    if head is None:
        raise _invalid("head", "invalid")
    if base is None:
        raise _invalid("base", "invalid")
    if trunk.ahead(base, head) == 0:
        raise _custom(f"No commits between {asked.base} and {branch}")
    for other in _pulls(world, within):
        assert other.pull is not None
        there = (other.pull.fork or within.id, other.pull.head, other.pull.base)
        if other.state == "open" and there == (theirs.id, branch, asked.base):
            raise _custom(
                f"A pull request already exists for {theirs.name.split('/')[0]}:{branch}."
            )
    now = world.now()
    ticket = world.tickets.put(
        Ticket(
            id=world.database.new_id(),
            repository=within.id,
            number=world.next_number(within),
            title=asked.title,
            body=asked.body or "",
            author=call.account.login,
            created=now,
            updated=now,
            pull=Pull(
                head=branch,
                base=asked.base,
                draft=asked.draft,
                base_sha=base,
                last_sha=head,
                fork=0 if theirs.id == within.id else theirs.id,
            ),
        )
    )
    return Reply(rendering.pull(world, ticket, within, call.base), 201)


def _owner(world: World, within: Repository, pull: Pull) -> str:
    return (world.repositories.get(pull.fork) or within).name.split("/")[0]


def _side(world: World, within: Repository, owner: str) -> Repository | None:
    """Where `owner:branch` is: the repository itself, or a fork of it."""
    if owner in ("", within.name.split("/")[0]):
        return within
    forks = (each for each in world.repositories if each.parent == within.id)
    return next((each for each in forks if each.name.split("/")[0] == owner), None)


def _head(
    world: World, within: Repository, theirs: Repository, branch: str, number: int
) -> CommitHash | None:
    """Of a fork's branch, everything is brought here, where people find it without the fork."""
    trunk = world.trunk(within)
    if theirs.id == within.id:
        return trunk.head(branch)
    return trunk.take(world.trunk(theirs), branch, f"refs/pull/{number}/head")


def get_pull(world: World, call: Call) -> Reply:
    ticket = found_pull(world, call)
    made = rendering.pull(world, ticket, call.repository, call.base)
    return Reply({**made, **_sizes(world, call.repository, ticket)})


def change_pull(world: World, call: Call) -> Reply:
    ticket = found_pull(world, call)
    asked = call.read(ChangedTicket)
    assert ticket.pull is not None
    if asked.state == "open" and ticket.pull.merged_at is not None:
        raise _custom("state cannot be changed. The pull request has been merged.")
    ticket = changed(world, call, ticket, asked)
    return Reply(rendering.pull(world, ticket, call.repository, call.base))


def list_files(world: World, call: Call) -> Reply:
    ticket = found_pull(world, call)
    assert ticket.pull is not None
    trunk = world.trunk(call.repository)
    base, head = trunk.commit(ticket.pull.base_sha), trunk.commit(ticket.pull.last_sha)
    if base is None or head is None:
        return Reply([])
    return Reply([
        {
            "sha": ticket.pull.last_sha,
            "filename": each.path,
            "status": "modified",
            "additions": each.added or 0,
            "deletions": each.removed or 0,
            "changes": (each.added or 0) + (each.removed or 0),
            "blob_url": "",
            "raw_url": "",
            "contents_url": "",
        }
        for each in trunk.numstat(base, head)
    ])  # fmt: skip


# Reviews ----------------------------------------------------------------------------------------


def list_reviews(world: World, call: Call) -> Reply:
    ticket = found_pull(world, call)
    found = world.reviews.where(
        lambda it: (it.repository, it.number) == (ticket.repository, ticket.number)
    )
    return Reply([rendering.review(world, it, call.repository, call.base) for it in found])


def review(world: World, call: Call) -> Reply:
    """Nobody judges a pull request of their own."""
    ticket, asked = found_pull(world, call), call.read(NewReview)
    if asked.event != "COMMENT" and ticket.author == call.account.login:
        word = "approve" if asked.event == "APPROVE" else "request changes on"
        raise Refused(422, "Unprocessable Entity", [f"Can not {word} your own pull request"])
    if asked.event != "APPROVE" and not asked.body.strip():
        raise Refused(422, "Unprocessable Entity", ["Body can't be blank"])
    assert ticket.pull is not None
    made = world.reviews.put(
        Review(
            id=world.database.new_id(),
            repository=ticket.repository,
            number=ticket.number,
            author=call.account.login,
            state=_STATES[asked.event],
            body=asked.body,
            commit=ticket.pull.last_sha,
            at=world.now(),
        )
    )
    for each in asked.comments:
        _remark(world, made, each)
    return Reply(rendering.review(world, made, call.repository, call.base))


def _remark(world: World, review: Review, asked: NewRemark) -> None:
    world.remarks.put(
        Remark(
            id=world.database.new_id(),
            repository=review.repository,
            number=review.number,
            review=review.id,
            author=review.author,
            path=asked.path,
            line=asked.line,
            body=asked.body,
            commit=review.commit,
            at=review.at,
        )
    )


def list_remarks(world: World, call: Call) -> Reply:
    ticket = found_pull(world, call)
    found = world.remarks.where(
        lambda it: (it.repository, it.number) == (ticket.repository, ticket.number)
    )
    return Reply([rendering.remark(world, it, call.repository, call.base) for it in found])


# What has become of them ------------------------------------------------------------------------


def found_pull(world: World, call: Call) -> Ticket:
    ticket = found_ticket(world, call)
    if ticket.pull is None:
        raise Refused(404, "Not Found")
    return seen(world, call.repository, ticket)


def seen(world: World, within: Repository, ticket: Ticket) -> Ticket:
    """The pull request as the repository is now: its head, and whether it has been merged."""
    if ticket.state == "closed" or ticket.pull is None:
        return ticket
    trunk, there = world.trunk(within), ticket.pull
    heads, theirs = trunk.heads(), world.repositories.get(there.fork) or within
    head = (
        heads.get(there.head)
        if theirs.id == within.id
        else _head(world, within, theirs, there.head, ticket.number)
    )
    base = heads.get(there.base)
    last = head or there.last_sha
    arrived = trunk.commit(last)
    if base and arrived and base != there.base_sha and trunk.contains(base, arrived):
        return _merged(world, within, ticket, last, base)
    if head is None:
        return world.tickets.put(
            ended(world, ticket, closed=True, word="closed", who=ticket.author)
        )
    if head != there.last_sha:
        moved = there.model_copy(update={"last_sha": head})
        return world.tickets.put(ticket.model_copy(update={"pull": moved, "updated": world.now()}))
    return ticket


def _merged(world: World, within: Repository, ticket: Ticket, head: str, base: str) -> Ticket:
    assert ticket.pull is not None
    now = world.now()
    who = next((name for name, role in within.roles.items() if role == "admin"), ticket.author)
    values = {"last_sha": head, "merged_at": now, "merged_sha": base, "merged_by": who}
    merged = ended(world, ticket, closed=True, word="merged", who=who)
    merged = world.tickets.put(
        merged.model_copy(update={"pull": ticket.pull.model_copy(update=values), "updated": now})
    )
    for number in _CLOSES.findall(ticket.body):
        issue = world.ticket(within, int(number))
        if issue is not None and issue.state == "open" and issue.pull is None:
            world.tickets.put(ended(world, issue, closed=True, word="closed", who=who))
    return merged


def _pulls(world: World, within: Repository) -> tuple[Ticket, ...]:
    return world.tickets.where(lambda it: it.repository == within.id and it.pull is not None)


def _sizes(world: World, within: Repository, ticket: Ticket) -> dict[str, int]:
    assert ticket.pull is not None
    trunk = world.trunk(within)
    base, head = trunk.commit(ticket.pull.base_sha), trunk.commit(ticket.pull.last_sha)
    if base is None or head is None:
        return {}
    counts = trunk.numstat(base, head)
    return {
        "commits": trunk.ahead(base, head),
        "additions": sum(each.added or 0 for each in counts),
        "deletions": sum(each.removed or 0 for each in counts),
        "changed_files": len(counts),
    }


def _invalid(field: str, code: str) -> Refused:
    return Refused(
        422, "Validation Failed", [{"resource": "PullRequest", "field": field, "code": code}]
    )


def _custom(message: str) -> Refused:
    wrong = {"resource": "PullRequest", "code": "custom", "message": message}
    return Refused(422, "Validation Failed", [wrong])
