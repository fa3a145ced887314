"""GitHub's own description of its interface, as githubkit's models have it, judges both sides: what our
client sends, and what the embedded forge answers.
"""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import githubkit_schemas.latest.models as github
import pytest
from pydantic import TypeAdapter

from swarm.domain.names import CommitHash, TreeHash
from swarm.forge.github.outcome import look
from swarm.forge.public_api import (
    Board,
    GitHubForge,
    PullRequestRequest,
    Standing,
    Wire,
    approved_issue,
    open_issues,
    safeguards,
)
from swarm.testing.forge import REPOSITORY, Served, a_forge, http_git, token_of
from swarm.testing.forge_faults import App, Receive, Scope, Send
from swarm.testing.git import a_quick_folder, a_repository

REPO = f"/repos/{REPOSITORY}"
BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/pulls"): github.ReposOwnerRepoPullsPostBody,
    ("PATCH", "/pulls/{}"): github.ReposOwnerRepoPullsPullNumberPatchBody,
    ("POST", "/issues/{}/comments"): github.ReposOwnerRepoIssuesIssueNumberCommentsPostBody,
    ("PATCH", "/issues/comments/{}"): github.ReposOwnerRepoIssuesCommentsCommentIdPatchBody,
    ("POST", "/issues/{}/labels"): github.ReposOwnerRepoIssuesIssueNumberLabelsPostBodyOneof0,
    ("POST", "/statuses/{}"): github.ReposOwnerRepoStatusesShaPostBody,
}
ANSWERS: dict[tuple[str, str], Any] = {
    ("GET", ""): github.FullRepository,
    ("GET", "/issues"): list[github.Issue],
    ("GET", "/issues/{}"): github.Issue,
    ("GET", "/issues/{}/comments"): list[github.IssueComment],
    ("POST", "/issues/{}/comments"): github.IssueComment,
    ("POST", "/issues/{}/labels"): list[github.Label],
    ("GET", "/collaborators/{}/permission"): github.RepositoryCollaboratorPermission,
    ("GET", "/pulls"): list[github.PullRequestSimple],
    ("GET", "/pulls/{}"): github.PullRequest,
    ("POST", "/pulls"): github.PullRequest,
    ("GET", "/pulls/{}/reviews"): list[github.PullRequestReview],
    ("POST", "/statuses/{}"): github.Status,
    ("GET", "/commits/{}/status"): github.CombinedCommitStatus,
    ("GET", "/commits/{}/check-runs"): github.ReposOwnerRepoCommitsRefCheckRunsGetResponse200,
}


@dataclass
class Tap:
    """Writes down what goes through."""

    app: App | None = None
    seen: list[tuple[str, str, bytes, int, bytes]] = field(default_factory=list)

    def around(self, app: App) -> App:
        self.app = app
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        sent, answered, status = bytearray(), bytearray(), [0]

        async def reading() -> Any:
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def writing(message: Any) -> None:
            status[0] = message.get("status", status[0])
            answered.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, reading, writing)
        self.seen.append((scope["method"], scope["path"], bytes(sent), status[0], bytes(answered)))


def plain(path: str) -> str | None:
    """`/issues/7/comments` as `/issues/{}/comments`; None for what is no call to the repository."""
    if not path.startswith(REPO):
        return None
    words = path.removeprefix(REPO).split("/")
    fixed = {"", "issues", "comments", "labels", "pulls", "reviews", "statuses", "commits", "status",
             "check-runs", "branches", "collaborators", "permission", "events", "rules", "contents",
             "protection"}  # fmt: skip
    return "/".join(word if word in fixed else "{}" for word in words)


@pytest.fixture(scope="module")
def seen() -> list[tuple[str, str, bytes, int, bytes]]:
    """A whole life of an issue, as our client and the forge speak of it."""
    tap = Tap()
    with a_quick_folder() as folder:
        a_repository(folder / "source")
        with a_forge(folder, folder / "source", tap.around) as served:
            number = served.open_issue()
            served.done("ann", "POST", f"/issues/{number}/labels", {"labels": ["approved"]})
            tap.seen.clear()
            asyncio.run(live(served, number, pushed(folder, served)))
    return tap.seen  # behind the server's end: the last answer is written down after it was given


def pushed(folder: Path, served: Served) -> str:
    http_git(folder, "clone", "--quiet", served.clone_url("swarm-bot"), "ours")
    http_git(folder / "ours", "commit", "--quiet", "--allow-empty", "-m", "ours")
    http_git(folder / "ours", "push", "--quiet", "origin", "HEAD:refs/heads/swarm/g-abcdef")
    return http_git(folder / "ours", "rev-parse", "HEAD")


async def live(served: Served, number: int, head: str) -> None:
    wire = Wire(served.url, lambda: token_of("swarm-bot"), pause=0.0)
    await safeguards(wire, REPOSITORY)
    await open_issues(wire, REPOSITORY)
    await approved_issue(wire, REPOSITORY, number)
    forge, board = GitHubForge(wire, REPOSITORY, number), Board(wire, REPOSITORY)
    request = PullRequestRequest(
        repository=REPOSITORY, branch="swarm/g-abcdef", head=CommitHash(head),
        tree=TreeHash("2" * 40), base=CommitHash("3" * 40), title="Fix", body="why\n",
        certificate="{}", at=5,
    )  # fmt: skip
    made = await forge.open_pull_request(request)
    standing = Standing(
        key="g-abcdef", issue=number, label="swarm:review", text="x", head=request.head,
        verdict="success", said="2 of 2",
    )  # fmt: skip
    await board.show(standing)
    await board.show(standing.model_copy(update={"text": "y", "label": "swarm:done"}))
    await look(wire, REPOSITORY, made.number)
    await board.make_ready(made.number)
    await forge.close(made.number, "veto")


@pytest.mark.parametrize("call", BODIES, ids=str)
def test_github_would_take_what_we_send(
    seen: list[tuple[str, str, bytes, int, bytes]], call: tuple[str, str]
) -> None:
    bodies = [sent for method, path, sent, _, _ in seen if (method, plain(path)) == call]
    assert bodies
    for body in bodies:
        data = json.loads(body)
        read = TypeAdapter(BODIES[call]).validate_python(data)
        assert set(data) <= set(type(read).model_fields)


@pytest.mark.parametrize("call", ANSWERS, ids=str)
def test_github_answers_as_the_embedded_forge_does(
    seen: list[tuple[str, str, bytes, int, bytes]], call: tuple[str, str]
) -> None:
    answers = [
        answered
        for method, path, _, status, answered in seen
        if (method, plain(path)) == call and status < 300
    ]
    assert answers
    for answer in answers:
        TypeAdapter(ANSWERS[call]).validate_json(answer)


def test_every_write_of_that_life_was_judged(
    seen: list[tuple[str, str, bytes, int, bytes]],
) -> None:
    writes = {(method, plain(path)) for method, path, *_ in seen if method != "GET"}
    assert writes - set(BODIES) == {("POST", None), ("DELETE", "/issues/{}/labels/{}")}
