"""Where branches go when CI would run them with secrets: nowhere, after a person's word, or to a fork."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from swarm.actors.abroad import Ways
from swarm.actors.public_api import Places
from swarm.actors.working_api import clone_of, keep_token, wire_to
from swarm.domain.ballots import Certificate, Policy, Subject
from swarm.domain.changes import Changes, Written
from swarm.domain.errors import NeedsHuman, Transient
from swarm.domain.goals import PushTo
from swarm.domain.names import Digest, branch_of
from swarm.forge.github.safety import exposed
from swarm.forge.public_api import (
    LocalForge,
    Published,
    Publisher,
    PublishRequest,
    Standing,
    approved_issue,
)
from swarm.repository.public_api import Mirror, Outlet
from swarm.testing.forge import REPOSITORY, Served, a_forge, http_git, token_of
from swarm.testing.git import a_quick_folder, a_repository

LEAKY = "on: push\njobs:\n  test:\n    env:\n      KEY: ${{ secrets.KEY }}\n"
FORK = "swarm-bot/library"


@dataclass(slots=True)
class Scene:
    folder: Path
    served: Served
    places: Places
    publisher: Publisher
    request: PublishRequest = field(init=False)

    def begin(self, push: PushTo, fork: str = "") -> "Scene":
        """An approved issue, and what would be published for it."""
        number = self.served.open_issue()
        self.say("ann", number, "/approve")
        wire = wire_to(self.places, self.served.url, REPOSITORY)
        found = asyncio.run(approved_issue(wire, REPOSITORY, number))
        tracker = found.tracker.model_copy(update={"push": push, "fork": fork})
        clone = clone_of(self.places, found)
        mirror = Mirror.open(self.places.mirror_of(str(clone)), clone)
        change = Changes((Written(b"new", "100644", b"x\n"),))
        tree = mirror.tree_with(mirror.fetch(found.head), change)
        policy = Policy(threshold=1, testers=0, roster=())
        subject = Subject(
            goal_id=found.goal_id, contract=Digest("c" * 64), action="open-pull-request",
            repository=str(clone), base=found.head, tree=tree, policy=policy.hash, round=1,
        )  # fmt: skip
        certificate = Certificate(subject=subject, policy=policy, authors=(), ballots=())
        self.request = PublishRequest(
            goal_id=found.goal_id, repository=str(clone), title="Add new", body="body\n", at=5,
            head=mirror.commits(found.head, [(tree, "Add new")], 5), certificate=certificate,
            tracker=tracker,
        )  # fmt: skip
        return self

    def publish(self) -> Published:
        return asyncio.run(self.publisher.publish(self.request))

    def say(self, login: str, number: int, text: str) -> None:
        self.served.done(login, "POST", f"/issues/{number}/comments", {"body": text})

    def heads(self, name: str = REPOSITORY) -> list[str]:
        there = self.served.world.repository(name)
        return sorted(self.served.world.trunk(there).heads()) if there else []

    def pulls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.served.done("eve", "GET", "/pulls?state=all")
        return found


@pytest.fixture
def scene() -> Iterator[Scene]:
    with a_quick_folder() as folder:
        a_repository(folder / "source", {".github/workflows/ci.yml": LEAKY})
        with a_forge(folder, folder / "source") as served:
            places = Places(folder / "home")
            places.make()
            keep_token(places, served.url, token_of("swarm-bot"))
            publisher = Publisher(
                lambda each: Outlet(Mirror.open(places.mirror_of(each), Path(each))),
                LocalForge(folder / "local"),
                holds=lambda _: True,
                abroad=Ways(places),
            )
            yield Scene(folder, served, places, publisher)


def fork(scene: Scene, login: str = "swarm-bot") -> None:
    status, _ = scene.served.ask(login, "POST", f"/repos/{REPOSITORY}/forks")
    assert status == 202


def test_what_ci_would_run_with_secrets_is_not_pushed(scene: Scene) -> None:
    scene.begin("repository")
    with pytest.raises(NeedsHuman, match=r"ci\.yml runs on push with secrets"):
        scene.publish()
    assert (scene.heads(), scene.pulls()) == (["main"], [])


@pytest.mark.thorough
def test_its_owner_may_say_that_it_is_pushed_anyway(scene: Scene) -> None:
    done = scene.begin("anyway").publish()
    assert scene.heads() == ["main", done.branch]


@pytest.mark.thorough
def test_it_waits_for_a_person_who_may_write_to_name_the_commit(scene: Scene) -> None:
    tracker = scene.begin("click").request.tracker
    assert tracker is not None
    standing = Standing(key=scene.request.goal_id, issue=tracker.issue, label="swarm:x", text="x")
    asyncio.run(scene.publisher.show(tracker, standing))
    line = f"/push {scene.request.head[:12]}"
    for login, text in (("eve", line), ("ann", f"> {line}"), ("ann", "/push 123456789012")):
        scene.say(login, tracker.issue, text)
        with pytest.raises(Transient, match="waits for a person"):
            scene.publish()
    assert (scene.heads(), scene.pulls()) == (["main"], [])
    shown = scene.served.done("eve", "GET", f"/issues/{tracker.issue}/comments")
    (ours,) = [each["body"] for each in shown if each["user"]["login"] == "swarm-bot"]
    assert f"`{line}`" in ours
    scene.say("bob", tracker.issue, line)
    assert scene.publish().head == scene.request.head
    assert len(scene.pulls()) == 1


def test_a_fork_gets_the_branch_and_the_repository_the_pull_request(scene: Scene) -> None:
    fork(scene)
    done = scene.begin("fork").publish()
    assert scene.publish() == done
    assert (scene.heads(), scene.heads(FORK)) == (["main"], ["main", done.branch])
    (pull,) = scene.pulls()
    assert (pull["head"]["label"], pull["head"]["sha"]) == (f"swarm-bot:{done.branch}", done.head)
    assert (pull["head"]["repo"]["full_name"], pull["base"]["repo"]["full_name"]) == (
        FORK, REPOSITORY,
    )  # fmt: skip


@pytest.mark.thorough
def test_an_account_that_may_not_write_works_from_a_fork_and_only_comments(scene: Scene) -> None:
    there = scene.served.world.repository(REPOSITORY)
    assert there is not None
    roles = {**there.roles, "swarm-bot": "read"}
    scene.served.world.repositories.put(there.model_copy(update={"roles": roles}))
    fork(scene)
    done = scene.begin("fork").publish()
    tracker = scene.request.tracker
    assert tracker is not None
    standing = Standing(
        key=scene.request.goal_id, issue=tracker.issue, label="swarm:review", text="x",
        head=done.head, verdict="success",
    )  # fmt: skip
    asyncio.run(scene.publisher.show(tracker, standing))
    shown = scene.served.done("eve", "GET", f"/issues/{tracker.issue}")
    assert (shown["comments"], shown["labels"]) == (2, [])


@pytest.mark.thorough
def test_a_merge_of_what_came_from_a_fork_is_seen(scene: Scene) -> None:
    fork(scene)
    done = scene.begin("fork").publish()
    http_git(scene.folder, "clone", "--quiet", scene.served.clone_url("ann"), "hers")
    hers = scene.folder / "hers"
    http_git(hers, "fetch", "--quiet", "origin", f"refs/pull/{done.number}/head")
    http_git(hers, "merge", "--quiet", "--no-ff", "--no-edit", "FETCH_HEAD")
    http_git(hers, "push", "--quiet", "origin", "HEAD:main")
    tracker = scene.request.tracker
    assert tracker is not None
    assert asyncio.run(scene.publisher.outcome(tracker, done.number)).state == "merged"


@pytest.mark.thorough
@pytest.mark.parametrize("named", ["", "bob/library", "ann/library"])
def test_without_a_fork_of_this_repository_a_person_is_asked(scene: Scene, named: str) -> None:
    scene.begin("fork", named)
    with pytest.raises(NeedsHuman, match="is no fork of ann/library"):
        scene.publish()
    assert scene.heads() == ["main"]


@pytest.mark.thorough
def test_a_branch_of_the_same_name_in_a_strangers_fork_is_not_ours(scene: Scene) -> None:
    fork(scene, "eve")
    scene.begin("anyway")
    branch = branch_of(scene.request.goal_id)
    url = scene.served.clone_url("eve").replace(REPOSITORY, "eve/library")
    http_git(scene.folder, "clone", "--quiet", url, "theirs")
    http_git(scene.folder / "theirs", "commit", "--quiet", "--allow-empty", "-m", "theirs")
    http_git(scene.folder / "theirs", "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    asked = {"title": "Mine", "head": f"eve:{branch}", "base": "main"}
    scene.served.done("eve", "POST", "/pulls", asked)
    assert scene.publish().number == scene.pulls()[0]["number"]
    assert len(scene.pulls()) == 2


@pytest.mark.thorough
def test_nobody_opens_a_pull_request_of_a_branch_that_they_may_not_write(scene: Scene) -> None:
    done = scene.begin("anyway").publish()
    scene.served.done("ann", "PATCH", f"/pulls/{done.number}", {"state": "closed"})
    asked = {"title": "x", "head": done.branch, "base": "main"}
    status, _ = scene.served.ask("eve", "POST", f"/repos/{REPOSITORY}/pulls", asked)
    assert status == 422


RUN = "jobs:\n  x: ${{ secrets.A }}\n"


@pytest.mark.parametrize(
    ("on", "why"),
    [
        ("on:\n  push:\n    branches: [main, 'v2.0']\n", ""),
        ("on:\n  push:\n    branches:\n      - main\n  pull_request:\n", "pull_request"),
        ("on:\n  push:\n    tags: ['v*']\n", ""),
        ("on:\n  push:\n    branches:\n    - main\n    # - x\n    - swarm/**\n", "push"),
        ("on:\n  push:\n    branches: ['**']\n", "push"),
        ("on:\n  push:\n    branches-ignore: [main]\n    tags: [x]\n", "push"),
        ("on:\n  push:\n    paths: [a]\n", "push"),
        ("on:\n  push: &a\n    branches: [main]\n", "push"),
        ("on: {push: {branches: [main]}}\n", "push"),
    ],
)
def test_pushes_of_other_branches_alone_are_no_danger(on: str, why: str) -> None:
    assert exposed(on + RUN) == (f"runs on {why} with secrets" if why else "")
    assert exposed(RUN + on) == exposed(on + RUN)


@pytest.mark.parametrize(
    ("workflow", "danger"),
    [
        (f"on: [push, pull_request]\n{RUN}", False),
        (f"on: pull_request_target\n{RUN}", False),
        (f"on: pull_request_target\n{RUN}  ref: ${{{{ github.event.pull_request.head.sha }}}}\n", True),
        (f"on: pull_request_target\n{RUN}  ref: refs/pull/1/merge\n", True),
        ("on: workflow_run\npermissions: write-all\njobs:\n  ref: ${{ x.head_branch }}\n", True),
    ],
)  # fmt: skip
def test_from_a_fork_only_what_fetches_it_is_a_danger(workflow: str, danger: bool) -> None:
    assert bool(exposed(workflow, from_fork=True)) == danger
