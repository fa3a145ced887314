"""Pull requests at GitHub, as `swarm.forge.port` wants them.

A branch of ours has one pull request in its life. What GitHub does not keep for us (the certified
tree, the certificate) stands folded in the pull request's body, in a line that nobody else can write
into it through us; a person may edit it away, and the pull request is still known by its branch.
"""

import json
import re
from datetime import datetime

from swarm.domain.canonical import Json
from swarm.domain.errors import Rejected, Transient
from swarm.domain.names import CommitHash, TreeHash
from swarm.forge.github.reading import Place, SeenPull, read
from swarm.forge.github.wire import Missing, Query, Unprocessable, Wire
from swarm.forge.port import LONGEST_BODY, How, PullRequest, PullRequestRequest

_OURS = "swarm/"
_RECORD = re.compile(r"^<!-- swarm (\{.*\}) -->$", re.MULTILINE)
_SHOWN = "<details><summary>Certificate, for programs</summary>\n\n```json\n"
_END = "\n```\n\n</details>"
_LOOKS = 3
"""Lists lag behind: so often it is looked for what GitHub says is there."""


class GitHubForge:
    """Of one GitHub; repositories are named `owner/name`."""

    def __init__(self, wire: Wire, repository: str, issue: int = 0, fork: str = "") -> None:
        """`issue`: the one that the pull requests say they close; 0 = none. `fork`: where branches are,
        if not here.
        """
        self._wire = wire
        self._repository = repository
        self._issue = issue
        self._owner = (fork or repository).split("/")[0]
        self._is_fork = bool(fork)

    async def open_pull_request(self, request: PullRequestRequest) -> PullRequest:
        there = await self.find(request.repository, request.branch)
        if there is None:
            there = await self._open(request)
        if there.head != request.head:
            raise Rejected(
                f"pull request {there.number} for {there.branch} stands at another commit",
                advice="one goal has one pull request; submit a new goal",
            )
        return there

    async def _open(self, request: PullRequestRequest) -> PullRequest:
        place = read(Place, await self._wire.ask("repository", {"repository": request.repository}))
        data: Json = {
            "title": request.title,
            "head": f"{self._owner}:{request.branch}" if self._is_fork else request.branch,
            "base": place.default_branch,
            "body": body_with_record(request, self._issue),
            "draft": True,
        }
        try:
            made = await self._wire.ask("open pull", {"repository": request.repository}, data=data)
        except Unprocessable as error:
            return await self._there_already(request, error)
        if self._wire.dry is not None:
            return _requested(request)
        return _pull_request(read(SeenPull, made), request.repository)

    async def _there_already(
        self, request: PullRequestRequest, error: Unprocessable
    ) -> PullRequest:
        if "already exists" not in str(error):
            raise error
        for _ in range(_LOOKS):
            if (there := await self.find(request.repository, request.branch)) is not None:
                return there
        raise Transient(
            f"GitHub has a pull request for {request.branch} and does not show it yet"
        ) from error

    async def revise(self, number: int, request: PullRequestRequest) -> PullRequest:
        there = await self.get(number)
        if there.state != "open":
            raise Rejected(f"pull request {number} is {there.state}: it stays as it is")
        if there.head == request.head:
            return there
        at: Query = {"repository": self._repository, "number": number}
        data: Json = {"body": body_with_record(request, self._issue)}
        answer = await self._wire.ask("edit pull", at, data=data)
        return _pull_request(read(SeenPull, answer), self._repository)

    async def find(self, repository: str, branch: str) -> PullRequest | None:
        """Open, closed or merged. Of several, ours is the first."""
        label = f"{self._owner}:{branch}"
        query = {"head": label, "state": "all"}
        found = await self._wire.everything("pulls", {"repository": repository}, query=query)
        pulls = (read(SeenPull, each) for each in found)
        mine = sorted(
            (each for each in pulls if each.head.label.lower() == label.lower()),
            key=lambda it: it.number,
        )
        return _pull_request(mine[0], repository) if mine else None

    async def get(self, number: int) -> PullRequest:
        return _pull_request(await self._seen(number), self._repository)

    async def list(self, repository: str | None = None) -> tuple[PullRequest, ...]:
        where = repository or self._repository
        query = {"state": "all", "sort": "created", "direction": "asc"}
        found = await self._wire.everything("pulls", {"repository": where}, query=query)
        pulls = (read(SeenPull, each) for each in found)
        ours = sorted((p for p in pulls if p.head.ref.startswith(_OURS)), key=lambda it: it.number)
        return tuple(_pull_request(each, where) for each in ours)

    async def close(self, number: int, by: str) -> PullRequest:
        there = await self.get(number)
        if there.state == "merged":
            raise Rejected(f"pull request {number} is merged already")
        if there.state == "closed":
            return there
        at: Query = {"repository": self._repository, "number": number}
        await self._wire.ask("close pull", at, data={"state": "closed"})
        return there.model_copy(update={"state": "closed", "ended_by": by})

    async def mark_merged(self, number: int, how: How) -> PullRequest:
        """GitHub knows that by itself. Raises Rejected where it does not."""
        there = await self.get(number)
        if there.state != "merged":
            raise Rejected(f"pull request {number} is {there.state} at GitHub")
        return there

    async def _seen(self, number: int) -> SeenPull:
        at: Query = {"repository": self._repository, "number": number}
        try:
            return read(SeenPull, await self._wire.ask("pull", at))
        except Missing as error:
            raise Rejected(f"there is no pull request {number}") from error


# What GitHub does not keep ----------------------------------------------------------------------


def body_with_record(request: PullRequestRequest, issue: int) -> str:
    """The body, what it closes, and for programs: the certificate, if there is room for it."""
    record = {
        "head": request.head,
        "tree": request.tree,
        "base": request.base,
        "partial": request.partial,
        "at": request.at,
    }
    closes = f"Closes #{issue}\n\n" if issue and not request.partial else ""
    ending = f"\n<!-- swarm {json.dumps(record, sort_keys=True)} -->\n"
    shown = f"\n{_SHOWN}{request.certificate}{_END}\n"
    whole = closes + request.body + shown + ending
    if len(whole) <= LONGEST_BODY and "```" not in request.certificate:
        return whole
    return (closes + request.body)[: LONGEST_BODY - len(ending)] + ending


def _pull_request(seen: SeenPull, repository: str) -> PullRequest:
    body = seen.body or ""
    record = _record(body)
    shown, _, rest = body.partition(_SHOWN)
    text = _RECORD.sub("", shown).rstrip("\n") + "\n"
    return PullRequest(
        number=seen.number,
        repository=repository,
        branch=seen.head.ref,
        head=CommitHash(str(record.get("head") or seen.head.sha)),
        tree=TreeHash(str(record.get("tree") or "")),
        base=CommitHash(str(record.get("base") or seen.base.sha)),
        title=seen.title,
        body=re.sub(r"\ACloses #\d+\n\n", "", text) if shown.strip() else "",
        partial=record.get("partial") is True,
        certificate=rest.partition(_END)[0],
        created_at=_seconds(record.get("at"), seen.created_at),
        state="merged" if seen.merged_at else "closed" if seen.state == "closed" else "open",
        ended_by="said" if seen.merged_at else "a person" if seen.state == "closed" else "",
    )


def _requested(request: PullRequestRequest) -> PullRequest:
    """Of a dry run: what would be."""
    values = request.model_dump(exclude={"at"})
    return PullRequest(number=0, created_at=request.at, **values)


def _record(body: str) -> dict[str, object]:
    """The last of them is ours: it stands at the end."""
    found = _RECORD.findall(body)
    try:
        record = json.loads(found[-1]) if found else {}
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _seconds(recorded: object, created: str) -> int:
    if isinstance(recorded, int):
        return recorded
    try:
        return int(datetime.fromisoformat(created).timestamp())
    except ValueError:
        return 0
