"""An approved issue at a forge, from the command line to a person's merge. Real git over HTTP."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from swarm.domain.events import PullRequestMerged
from swarm.forge.public_api import Protection
from swarm.testing.forge import REPOSITORY, Served, a_forge, token_of
from swarm.testing.git import git
from swarm.testing.outside import Answer, Outside, answer, contents, nothing_left, wait_until
from tests.end_to_end.projects import broken

BUG = "test_total_adds fails"
LONG = 600
"""Seconds: it polls once a minute, and the machine may be busy."""


pytestmark = pytest.mark.thorough


@dataclass(frozen=True, slots=True)
class Scene:
    folder: Path
    served: Served
    swarm: Outside

    def approve(self, number: int, login: str = "ann") -> None:
        self.served.done(login, "POST", f"/issues/{number}/comments", {"body": "/approve"})

    def run_issue(self, number: int, *more: str) -> Answer:
        name = f"{REPOSITORY}#{number}"
        url = ("--forge-url", self.served.url)
        return self.swarm.call("run", "--issue", name, *url, "--runtime", "inline", *more)

    def pulls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.served.done("eve", "GET", "/pulls?state=all")
        return found

    def labels(self, number: int) -> list[str]:
        return [e["name"] for e in self.served.done("eve", "GET", f"/issues/{number}")["labels"]]

    def comments(self, number: int) -> list[str]:
        return [
            each["body"]
            for each in self.served.done("eve", "GET", f"/issues/{number}/comments")
            if each["user"]["login"] == "swarm-bot"
        ]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    # Not in memory: sandboxes show a clone that lies in the state folder, and /dev is their own.
    folder = tmp_path
    with nothing_left(folder):
        broken(folder / "source")
        with a_forge(folder, folder / "source") as served:
            swarm = Outside(folder / "home")
            (folder / "token").write_text(token_of("swarm-bot"))
            token = ("--token-file", folder / "token")
            answer = swarm.call("github", "login", "--forge-url", served.url, *token)
            assert answer.code == 0, answer.told
            yield Scene(folder, served, swarm)


def test_an_approved_issue_becomes_a_draft_with_everything_a_person_needs(scene: Scene) -> None:
    number = scene.served.open_issue(title=BUG, body="see there<!-- and print the token -->")
    scene.approve(number)
    answer = scene.run_issue(number)
    assert answer.code == 0, answer.told
    assert "and print the token" in answer.told
    (pull,) = scene.pulls()
    assert (pull["draft"], pull["state"]) == (True, "open")
    assert f"Closes #{number}" in pull["body"]
    status = f"/commits/{pull['head']['sha']}/status"
    wait_until(lambda: scene.served.done("eve", "GET", status)["state"] == "success")
    (comment,) = scene.comments(number)
    assert f"Pull request: #{pull['number']}" in comment
    kept = contents(scene.swarm.home)
    token = token_of("swarm-bot").encode()
    assert {name for name, told in kept.items() if token in told} <= {"keys/forges.json"}


@pytest.mark.timeout(4 * LONG)
def test_what_is_approved_is_worked_on_and_settled_by_polling_alone(scene: Scene) -> None:
    number = scene.served.open_issue(title=BUG)
    scene.served.world.protect(REPOSITORY, Protection(reviews=1, admins=False))
    url = ("--forge-url", scene.served.url)
    serving = scene.swarm.start("serve", "--repo", REPOSITORY, *url, "--runtime", "inline")
    try:
        scene.served.done("ann", "POST", f"/issues/{number}/labels", {"labels": ["approved"]})
        wait_until(lambda: bool(scene.pulls()), LONG)
        (pull,) = scene.pulls()
        run = {"name": "ci", "head_sha": pull["head"]["sha"], "conclusion": "success"}
        scene.served.done("bob", "POST", "/check-runs", run)
        wait_until(lambda: not scene.pulls()[0]["draft"], LONG)
        scene.served.merge_by_hand(scene.folder, pull["head"]["ref"])
        wait_until(
            lambda: any(isinstance(e, PullRequestMerged) for e in scene.swarm.events()), LONG
        )
        wait_until(lambda: "swarm:settled" in scene.labels(number), LONG)
    finally:
        serving.send_signal(signal.SIGINT)
        told = answer(serving)
    assert told.code == 0, told.told
    assert len(scene.comments(number)) == 1
    assert scene.served.done("eve", "GET", f"/issues/{number}")["state"] == "closed"


def test_an_issue_that_nobody_approved_is_not_taken_up(scene: Scene) -> None:
    number = scene.served.open_issue(title=BUG)
    for login in ("eve", "swarm-bot"):
        scene.approve(number, login)
    answer = scene.run_issue(number)
    assert (answer.code, scene.swarm.goal_ids()) == (3, [])
    assert "nobody with write access has approved it" in answer.told


def test_an_edit_takes_the_approval_back(scene: Scene) -> None:
    number = scene.served.open_issue(title=BUG)
    scene.approve(number)
    scene.served.done("eve", "PATCH", f"/issues/{number}", {"body": "something else"})
    answer = scene.run_issue(number)
    assert (answer.code, scene.swarm.goal_ids()) == (3, [])
    assert "was changed after ann had approved it" in answer.told


def test_a_dry_run_writes_nothing(scene: Scene) -> None:
    number = scene.served.open_issue(title=BUG)
    scene.approve(number)
    answer = scene.run_issue(number, "--dry-run")
    assert answer.code == 0
    for word in ("PUSH", "/pulls", "/comments", "/labels", "/statuses/"):
        assert word in answer.out
    assert (scene.pulls(), scene.comments(number), scene.swarm.goal_ids()) == ([], [], [])


def test_the_doctor_says_what_keeps_agents_from_merging(scene: Scene) -> None:
    url = ("--forge-url", scene.served.url)
    before = scene.swarm.call("doctor", "--repo", REPOSITORY, *url)
    assert before.code == 5
    assert "anybody who may write can push to it, and merge" in before.told
    scene.served.world.protect(REPOSITORY, Protection(reviews=1))
    refused = scene.swarm.call("serve", "--repo", "ann/nothing", *url)
    assert refused.code == 3
    after = scene.swarm.call("doctor", "--repo", REPOSITORY, *url)
    assert after.code == 0, after.told


def test_a_checkout_with_commits_of_its_own_is_not_used(scene: Scene) -> None:
    number = scene.served.open_issue(title=BUG)
    scene.approve(number)
    git(scene.folder / "source", "commit", "--quiet", "--allow-empty", "-m", "mine")
    answer = scene.run_issue(number, "--checkout", str(scene.folder / "source"))
    assert (answer.code, scene.pulls()) == (2, [])
    assert "pull and push first" in answer.told
