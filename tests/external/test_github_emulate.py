"""The forge's contract once more, against an imitation of GitHub that others wrote: `emulate`, from npm.

What both imitations agree on is less likely to be our own mistake. It has no git, no statuses and no
GraphQL, so what needs those is left to the embedded forge; what it lacks is listed, and looked at.
"""

import asyncio
import base64
import json
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from swarm.domain.errors import NeedsHuman, Rejected, Transient
from swarm.forge.github.calls import CALLS, Name
from swarm.forge.github.intake import may_be_approved, place_of
from swarm.forge.github.reading import Who
from swarm.forge.github.rights import may_write, me
from swarm.forge.public_api import (
    Board,
    GitHubForge,
    PullRequestRequest,
    Standing,
    Wire,
    open_issues,
)
from swarm.testing.forge import token_of
from swarm.testing.outside import wait_until
from tests.forge.test_forge_contract import (
    asked,
    test_a_branch_has_one_pull_request_however_often_it_is_asked_for,
    test_a_merged_one_cannot_be_closed_and_a_closed_one_is,
    test_a_pull_request_is_what_was_asked_for,
    test_one_that_a_person_closed_is_revised_no_more,
    test_one_that_is_open_says_what_its_branch_has_become,
    test_the_same_branch_at_another_commit_is_refused,
    test_what_a_person_decided_stays_decided,
    test_what_is_not_there_is_not_found,
)

__all__ = [
    "test_a_branch_has_one_pull_request_however_often_it_is_asked_for",
    "test_a_merged_one_cannot_be_closed_and_a_closed_one_is",
    "test_a_pull_request_is_what_was_asked_for",
    "test_one_that_a_person_closed_is_revised_no_more",
    "test_one_that_is_open_says_what_its_branch_has_become",
    "test_the_same_branch_at_another_commit_is_refused",
    "test_what_a_person_decided_stays_decided",
    "test_what_is_not_there_is_not_found",
]
AGENTS = os.environ.get("EXTERNAL_AGENTS", "")
"""A folder in which `npm install` put it."""

NODE = os.environ.get("EXTERNAL_NODE", "node")
MAIN = Path(AGENTS or "/nonexistent") / "node_modules" / "emulate" / "dist" / "index.js"
REPOSITORY = "ann/library"
REPO = f"/repos/{REPOSITORY}"
SEED = {
    "tokens": {
        token_of(login): {"login": login, "scopes": ["repo", "user"]}
        for login in ("ann", "swarm-bot")
    },
    "github": {
        "users": [
            {"login": login, "name": login, "email": f"{login}@example.org"}
            for login in ("ann", "swarm-bot")
        ],
        "repos": [{"owner": "ann", "name": "library", "auto_init": True}],
    },
}


def is_new_enough() -> bool:
    """It wants Node 22.15."""
    try:
        said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return False
    parts = said.stdout.strip().lstrip("v").split(".")
    return len(parts) == 3 and tuple(map(int, parts[:2])) >= (22, 15)


pytestmark = [
    pytest.mark.skipif(not MAIN.exists(), reason="emulate is not installed: make external"),
    pytest.mark.skipif(
        not is_new_enough(), reason="emulate wants Node 22.15 or newer (EXTERNAL_NODE=PATH)"
    ),
]


@dataclass(frozen=True, slots=True)
class EmulateYard:
    url: str
    forge: GitHubForge

    @property
    def wire(self) -> Wire:
        return Wire(self.url, lambda: token_of("swarm-bot"), pause=0.0)

    def done(self, method: str, path: str, data: Any = None, login: str = "ann") -> Any:
        request = urllib.request.Request(
            f"{self.url}{path}",
            method=method,
            data=None if data is None else json.dumps(data).encode(),
            headers={"Authorization": f"Bearer {token_of(login)}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise AssertionError((method, path, error.code, error.read())) from error

    def a_request(self, branch: str = "swarm/g-abcdef") -> PullRequestRequest:
        """A branch with a commit, made over REST: there is no git here."""
        names = [each["name"] for each in self.done("GET", f"{REPO}/branches")]
        if branch not in names:
            base = self.done("GET", f"{REPO}/git/ref/heads/main")["object"]["sha"]
            self.done("POST", f"{REPO}/git/refs", {"ref": f"refs/heads/{branch}", "sha": base})
            content = base64.b64encode(branch.encode()).decode()
            new = {"message": "ours", "content": content, "branch": branch}
            self.done("PUT", f"{REPO}/contents/{branch.replace('/', '-')}", new)
        head = self.done("GET", f"{REPO}/git/ref/heads/{branch}")["object"]["sha"]
        return asked(REPOSITORY, branch, head)

    def close(self, number: int) -> None:
        self.done("PATCH", f"{REPO}/pulls/{number}", {"state": "closed"})

    def merge(self, number: int) -> None:
        """As a person does it on the page; swarm has no such call."""
        self.done("PATCH", f"{REPO}/pulls/{number}", {"draft": False})
        self.done("PUT", f"{REPO}/pulls/{number}/merge", {})

    def issue(self) -> int:
        made = self.done("POST", f"{REPO}/issues", {"title": "Broken", "body": "see"})
        return int(made["number"])


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[EmulateYard]:
    seed, port = tmp_path / "seed.json", free_port()
    seed.write_text(json.dumps(SEED))
    command = [NODE, str(MAIN), "start", "--service", "github", "--port", str(port)]
    running = subprocess.Popen(
        [*command, "--seed", str(seed)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        cwd=tmp_path,
    )  # fmt: skip
    url = f"http://localhost:{port}"
    try:
        wait_until(lambda: answers(url), 60)
        wire = Wire(url, lambda: token_of("swarm-bot"), pause=0.0)
        made = EmulateYard(url, GitHubForge(wire, REPOSITORY))
        made.done("PUT", f"{REPO}/collaborators/swarm-bot", {"permission": "push"})
        yield made
    finally:
        running.terminate()
        running.wait(20)


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def test_issues_rights_and_approvals_are_read_there_too(yard: EmulateYard) -> None:
    """A collaborator's permission is `push` there, which is no word of GitHub's: an owner is asked about."""

    async def look() -> tuple[object, ...]:
        wire = yard.wire
        ours, place = await me(wire), await place_of(wire, REPOSITORY)
        ann = Who(login="ann")
        (seen,) = await open_issues(wire, REPOSITORY)
        maybe = await may_be_approved(wire, REPOSITORY, seen)
        writes = await may_write(wire, REPOSITORY, ann)
        return ours.login, place.default_branch, seen.number, maybe, writes

    number = yard.issue()
    yard.done("POST", f"{REPO}/issues/{number}/comments", {"body": "/approve"})
    assert asyncio.run(look()) == ("swarm-bot", "main", number, True, True)


def test_one_comment_is_edited_in_place_and_labels_are_put_right(yard: EmulateYard) -> None:
    number = yard.issue()
    yard.done("POST", f"{REPO}/issues/{number}/labels", {"labels": ["bug", "swarm:old"]})
    for text in ("one", "two", "two"):
        standing = Standing(key="g-abcdef", issue=number, label="swarm:working", text=text)
        asyncio.run(Board(yard.wire, REPOSITORY).show(standing))
    (comment,) = yard.done("GET", f"{REPO}/issues/{number}/comments")
    assert comment["body"].endswith("two")
    names = {each["name"] for each in yard.done("GET", f"{REPO}/issues/{number}")["labels"]}
    assert names == {"bug", "swarm:working"}


LACKS = {"status", "rules", "job log"}
"""What GitHub has, we ask, and it does not know; nor GraphQL, nor that a commit is given a status."""


def test_what_it_lacks_is_what_we_say_it_lacks(yard: EmulateYard) -> None:
    request = yard.a_request()
    pull, issue = asyncio.run(yard.forge.open_pull_request(request)).number, yard.issue()
    head = request.head
    at = {
        "repository": REPOSITORY, "login": "ann", "branch": "main", "id": 1,
        "path": "README.md", "sha": head, "span": f"main...{head}", "name": "x",
    }  # fmt: skip
    questions: list[Name] = [name for name, way in CALLS.items() if way.method == "GET"]
    pulls = {"pull", "reviews", "remarks"}
    found = {
        name
        for name in questions
        if not asyncio.run(
            knows(yard.wire, name, {**at, "number": pull if name in pulls else issue})
        )
    }
    # An App is none here, and nothing is protected.
    assert found - {"installation", "protection"} == LACKS


async def knows(wire: Wire, name: Name, at: dict[str, Any]) -> bool:
    try:
        await wire.ask(name, at)
    except (Rejected, NeedsHuman, Transient):
        return False
    return True
