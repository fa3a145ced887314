"""Who has approved which text. Pure.

An approval is a label that a person with write access has set, or a comment of such a person with one
line that says nothing else. It is for the text as it was at that moment: a title or a body that was
changed later is not approved. In the same way a person grants protected places, before the approval or with
it, by a line `/grant PATH`: what an approval is for does not grow afterwards. Machines approve nothing, swarm least of all; whether somebody may write
is asked of GitHub, not read from what a comment says of its author.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from swarm.domain.grants import MOST_GRANTS, is_place
from swarm.forge.github.reading import SeenComment, SeenEvent, Who
from swarm.forge.github.text import spoken

LABEL = "approved"
LINE = "/approve"
GRANT = "/grant"
PUSH = "/push"
SHORT = 12
"""Digits of a commit that a person has to name at least."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody has said so; whether they may is another question."""

    by: Who
    at: str
    """GitHub's time, which sorts as text: `2026-11-21T10:00:00Z`."""

    how: str


def claims(
    events: Iterable[SeenEvent], comments: Iterable[SeenComment], *, label: str = LABEL
) -> tuple[Approval, ...]:
    """Everything that looks like an approval by a person and still stands, the newest first."""
    by_label: Approval | None = None
    for event in events:
        if event.label_name.lower() != label.lower():
            continue
        set_by = event.actor if event.event == "labeled" else None
        by_label = Approval(set_by, event.created_at, "label") if set_by else None
    found = [by_label] if by_label else []
    for comment in comments:
        # A comment that was edited says now what it did not say then.
        edited = comment.updated_at not in ("", comment.created_at)
        if comment.user and not edited and says_so(comment.body or ""):
            found.append(Approval(comment.user, comment.created_at, "comment"))
    people = (each for each in found if each.by.is_person)
    return tuple(sorted(people, key=lambda each: each.at, reverse=True))


def says_so(text: str) -> bool:
    """One line of its own, exactly; not quoted, not in code, not hidden."""
    return any(line == LINE for line in spoken(text).split("\n"))


@dataclass(frozen=True, slots=True)
class Granting:
    """Somebody wants places to be changed that are protected."""

    by: Who
    at: str
    places: tuple[str, ...]


def grantings(comments: Iterable[SeenComment]) -> tuple[Granting, ...]:
    """By people, in comments that were not edited, oldest first."""
    found = (
        Granting(each.user, each.created_at, tuple(_places(each.body or "")))
        for each in comments
        if each.user and each.user.is_person and each.updated_at in ("", each.created_at)
    )
    return tuple(sorted((each for each in found if each.places), key=lambda each: each.at))


def _places(text: str) -> Iterator[str]:
    for line in spoken(text).split("\n"):
        word, *places = line.split()[:MOST_GRANTS] if line.startswith(f"{GRANT} ") else ("",)
        if word == GRANT:
            yield from (place for place in places if is_place(place))


def pushers(comments: Iterable[SeenComment], head: str) -> tuple[Who, ...]:
    """People who say, in a line of its own, that this very commit may be pushed."""
    return tuple(
        each.user
        for each in comments
        if each.user
        and each.user.is_person
        and each.updated_at in ("", each.created_at)
        and any(_names(line, head) for line in spoken(each.body or "").split("\n"))
    )


def _names(line: str, head: str) -> bool:
    word, _, commit = line.rstrip().partition(" ")
    return word == PUSH and len(commit) >= SHORT and head.startswith(commit)


def renamed_at(events: Iterable[SeenEvent]) -> str:
    """When the title was last changed; empty = never."""
    return max((each.created_at for each in events if each.event == "renamed"), default="")


def stands(approval: Approval, *, edited: str, renamed: str) -> bool:
    """Whether the text is still what it was then. In the same second is too close to tell."""
    return max(edited, renamed) < approval.at
