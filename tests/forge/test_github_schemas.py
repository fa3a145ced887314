"""GitHub's own description of its interface judges both sides: what our client sends, and what the embedded
forge answers. Once as githubkit's models have it, and once as GitHub publishes it, cut down to our calls
(`described/`). And what GitHub really sends, in the shapes of its webhooks' examples, is readable to us.
"""

import asyncio
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import githubkit_schemas.latest.models as github
import pytest
from pydantic import TypeAdapter

from swarm.domain.names import CommitHash, TreeHash
from swarm.forge.github import reading
from swarm.forge.github.app import Installed
from swarm.forge.github.intake import why_revoked, why_rewritten
from swarm.forge.github.outcome import explain, look
from swarm.forge.public_api import (
    CALLS,
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
    queries: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)

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

        query = parse_qs(scope["query_string"].decode())
        self.queries.append((scope["method"], scope["path"], query))
        await self.app(scope, reading, writing)
        self.seen.append((scope["method"], scope["path"], bytes(sent), status[0], bytes(answered)))


def plain(path: str) -> str | None:
    """`/issues/7/comments` as `/issues/{}/comments`; None for what is no call to the repository."""
    if not path.startswith(REPO):
        return None
    words = path.removeprefix(REPO).split("/")
    fixed = {"", "issues", "comments", "labels", "pulls", "reviews", "statuses", "commits", "status",
             "check-runs", "compare", "actions", "jobs", "logs", "branches", "collaborators", "permission", "events", "rules", "contents",
             "protection"}  # fmt: skip
    return "/".join(word if word in fixed else "{}" for word in words)


@pytest.fixture(scope="module")
def tap() -> Tap:
    """A whole life of an issue, as our client and the forge speak of it."""
    tap = Tap()
    with a_quick_folder() as folder:
        a_repository(folder / "source", {".github/workflows/ci.yml": "on: push\n"})
        with a_forge(folder, folder / "source", tap.around) as served:
            number = served.open_issue()
            served.done("ann", "POST", f"/issues/{number}/labels", {"labels": ["approved"]})
            tap.seen.clear()
            tap.queries.clear()
            asyncio.run(live(served, number, pushed(folder, served)))
    return tap


@pytest.fixture(scope="module")
def seen(tap: Tap) -> list[tuple[str, str, bytes, int, bytes]]:
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
    found = await approved_issue(wire, REPOSITORY, number)
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
    await asyncio.to_thread(criticised, served, made.number, head)
    await explain(wire, REPOSITORY, made.number)
    await why_revoked(wire, found.tracker)
    await why_rewritten(wire, found.tracker, found.head)
    await forge.revise(made.number, request.model_copy(update={"head": CommitHash("4" * 40)}))
    await board.make_ready(made.number)
    await forge.close(made.number, "veto")


def criticised(served: Served, number: int, head: str) -> None:
    """By CI, and by Bob."""
    run = {"name": "ci", "head_sha": head, "conclusion": "failure", "log": "##[error]x\n"}
    served.done("bob", "POST", "/check-runs", run)
    remark = {"path": "README", "line": 1, "body": "why?"}
    review = {"event": "REQUEST_CHANGES", "body": "no", "comments": [remark]}
    served.done("bob", "POST", f"/pulls/{number}/reviews", review)


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
    theirs = {("POST", "/check-runs"), ("POST", "/pulls/{}/reviews")}
    known = {("POST", None), ("DELETE", "/issues/{}/labels/{}")}
    assert writes - set(BODIES) - theirs == known


# As GitHub publishes it -------------------------------------------------------------------------

DESCRIBED = json.loads((Path(__file__).parent / "described" / "github_calls.json").read_text())[
    "calls"
]
SHAPES = json.loads((Path(__file__).parent / "described" / "webhook_shapes.json").read_text())[
    "shapes"
]
WORDS: dict[str, Any] = {
    "string": str, "integer": int, "boolean": bool, "null": type(None), "array": list,
    "object": dict, "number": (int, float),
}  # fmt: skip
MODELS: dict[str, type[reading.Read]] = {"Installed": Installed} | {
    name: value for name, value in vars(reading).items() if isinstance(value, type)
}


def described(method: str, path: str) -> dict[str, Any] | None:
    """What GitHub says of the call that a request was; None for one that is none of ours."""
    fits = [
        (key.count("{"), told)
        for key, told in DESCRIBED.items()
        if key.startswith(f"{method} ") and re.fullmatch(_pattern(key.split(" ", 1)[1]), path)
    ]
    return min(fits, key=lambda each: each[0])[1] if fits else None


def _pattern(path: str) -> str:
    deep = path.replace("{path}", ".+").replace("{repository}", "[^/]+/[^/]+")
    return re.sub(r"\{\w+\}", "[^/]+", deep)


def test_every_call_of_ours_is_one_that_github_describes() -> None:
    ours = {f"{way.method} {way.path}" for way in CALLS.values() if way.path != "/graphql"}
    assert set(DESCRIBED) == ours


def test_we_ask_with_parameters_that_github_knows(tap: Tap) -> None:
    judged = 0
    for method, path, query in tap.queries:
        told = described(method, path)
        if told is not None:
            judged += 1
            assert set(query) <= set(told["query"]) | {"per_page", "page"}, (method, path, query)
    assert judged > 40


def test_what_we_send_has_the_fields_and_words_that_github_describes(
    seen: list[tuple[str, str, bytes, int, bytes]],
) -> None:
    judged = set()
    for method, path, sent, _, _ in seen:
        told = described(method, path)
        if told is None or "body" not in told or not sent:
            continue
        judged.add((method, told["path"]))
        data = json.loads(sent)
        assert set(told["required"]) <= set(data) <= set(told["body"])
        for name, value in data.items():
            assert _fits(value, told["body"][name]), (path, name, value)
    assert len(judged) >= 6


def _fits(value: object, told: dict[str, Any]) -> bool:
    types = tuple(WORDS[word] for word in told["types"])
    return isinstance(value, types) and ("enum" not in told or value in told["enum"])


def test_the_embedded_forge_leaves_out_nothing_that_github_always_says(
    seen: list[tuple[str, str, bytes, int, bytes]],
) -> None:
    judged = set()
    for method, path, _, status, answered in seen:
        told = described(method, path)
        answer = (told or {}).get("answers", {}).get(str(status))
        if told is None or not answer or not answered:
            continue
        judged.add(told["path"])
        data = json.loads(answered)
        items = data if isinstance(data, list) else [data]
        for item in items:
            assert set(answer["required"]) <= set(item), (path, set(answer["required"]) - set(item))
            for name, types in answer["types"].items():
                assert not types or isinstance(item[name], tuple(WORDS[t] for t in types)), name
    assert len(judged) >= 18


@pytest.mark.parametrize("model", SHAPES)
def test_what_github_really_sends_is_readable(model: str) -> None:
    for shape in SHAPES[model]:
        assert isinstance(reading.read(MODELS[model], shape), MODELS[model])
