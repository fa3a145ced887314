"""What people see of a goal on the way: one comment that is edited in place, labels, a status.

It mirrors what the journal says and is never read back as a truth. Each part is looked at first, and
written only where it differs: whoever changed a label by hand finds it put right.
"""

from typing import Literal

from pydantic import Field

from swarm.domain.canonical import Json
from swarm.domain.frozen import Frozen
from swarm.domain.names import CommitHash
from swarm.forge.github.reading import (
    Combined,
    Place,
    SeenComment,
    SeenIssue,
    SeenPull,
    read,
)
from swarm.forge.github.rights import me
from swarm.forge.github.wire import Missing, Query, Wire
from swarm.forge.queries import READY

LABELS = "swarm:"
"""Labels that begin like this are ours; others are people's."""

CONTEXT = "swarm/quorum"
_MOST_STATUS = 140


class Standing(Frozen):
    """How a goal stands, for people."""

    key: str
    """Names the comment: the same key again is the same comment."""

    issue: int
    label: str
    """`swarm:working`; empty = none."""

    text: str = Field(max_length=60_000)
    head: CommitHash | None = None
    """The commit that was certified."""

    verdict: Literal["success", "pending", "failure"] = "pending"
    said: str = ""
    """The status in a few words."""


def mark_of(key: str) -> str:
    """The line that a status comment begins with. Nobody sees it."""
    return f"<!-- swarm-status {key} -->"


class Board:
    def __init__(
        self, wire: Wire, repository: str, known: dict[str, tuple[int, str]] | None = None
    ) -> None:
        """`known`: comments that were found or made before, and what they said; kept up to date here."""
        self._wire = wire
        self._known = {} if known is None else known
        self._at: Query = {"repository": repository}

    async def show(self, standing: Standing) -> None:
        """Bring everything to where it should be; a repetition writes nothing. An account that may only
        comment does just that.
        """
        issue, may = await self._issue(standing.issue), await self._may()
        if issue is not None:
            await self._comment(standing)
            if may.get("triage", True):
                await self._label(issue, standing.label)
        if standing.head is not None and may.get("push", True):
            await self._status(standing, standing.head)

    async def make_ready(self, number: int) -> None:
        """A draft no more. Only GraphQL can do it."""
        seen = read(SeenPull, await self._wire.ask("pull", {**self._at, "number": number}))
        if seen.draft and seen.state == "open":
            question: Json = {"query": READY, "variables": {"id": seen.node_id}}
            await self._wire.ask("ready", {}, data=question)

    async def _may(self) -> dict[str, bool]:
        """Of a person's token; what an App may was decided when it was installed."""
        if self._wire.login is not None:
            return {}
        return read(Place, await self._wire.ask("repository", self._at)).permissions

    async def _issue(self, number: int) -> SeenIssue | None:
        """None for one that was deleted or moved: there is nobody to tell then."""
        try:
            seen = read(SeenIssue, await self._wire.ask("issue", {**self._at, "number": number}))
        except Missing:
            return None
        return None if seen.locked else seen

    # The comment --------------------------------------------------------------------------------

    async def _comment(self, standing: Standing) -> None:
        mark = mark_of(standing.key)
        text = f"{mark}\n{standing.text}"
        at: Query = {**self._at, "number": standing.issue}
        if await self._edited(standing.key, text):
            return
        mine = await self._marked(at, mark)
        if not mine:
            made = await self._wire.ask("comment", at, data={"body": text})
            if self._wire.dry is None:
                self._known[standing.key] = (read(SeenComment, made).id, text)
            return
        first, *others = mine
        self._known[standing.key] = (first.id, text)
        if (first.body or "").strip() != text.strip():
            await self._wire.ask("edit comment", {**self._at, "id": first.id}, data={"body": text})
        # Of a comment whose answer was lost, and which a list did not show yet, there may be two.
        for other in others:
            await self._wire.ask("remove comment", {**self._at, "id": other.id})

    async def _edited(self, key: str, text: str) -> bool:
        """Whether it was known, and is brought up to date without a look. What says the same is looked at."""
        id_, said = self._known.get(key, (0, text))
        if said == text:
            return False
        try:
            await self._wire.ask("edit comment", {**self._at, "id": id_}, data={"body": text})
        except Missing:
            del self._known[key]
            return False
        self._known[key] = (id_, text)
        return True

    async def _marked(self, at: Query, mark: str) -> list[SeenComment]:
        """Ours, oldest first. Anybody can write a mark: who wrote it counts."""
        ours = await me(self._wire)
        found = await self._wire.everything("comments", at)
        said = (read(SeenComment, each) for each in found)
        return sorted(
            (
                each
                for each in said
                if each.user and each.user.id == ours.id and (each.body or "").startswith(mark)
            ),
            key=lambda each: each.id,
        )

    # Labels and status --------------------------------------------------------------------------

    async def _label(self, issue: SeenIssue, wanted: str) -> None:
        at: Query = {**self._at, "number": issue.number}
        ours = [name for name in issue.labels if name.startswith(LABELS)]
        if wanted and wanted not in ours:
            await self._wire.ask("label", at, data={"labels": [wanted]})
        for name in ours:
            if name != wanted:
                await self._unlabel({**at, "name": name})

    async def _unlabel(self, at: Query) -> None:
        try:
            await self._wire.ask("unlabel", at)
        except Missing:
            return

    async def _status(self, standing: Standing, head: CommitHash) -> None:
        at: Query = {**self._at, "sha": head}
        there = read(Combined, await self._wire.ask("status", at))
        said = standing.said[:_MOST_STATUS]
        for each in there.statuses:
            if each.context == CONTEXT and (each.state, each.description) == (
                standing.verdict,
                said,
            ):
                return
        data: Json = {"state": standing.verdict, "context": CONTEXT, "description": said}
        await self._wire.ask("set status", at, data=data)
