"""A GitHub App: its tokens are for one repository, for an hour, and may do what is needed and no more."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from swarm.actors.abroad import Ways
from swarm.actors.public_api import Places
from swarm.actors.working_api import clone_of, keep_app, wire_to
from swarm.domain.errors import NeedsHuman, Rejected
from swarm.forge.github.outcome import explain, look
from swarm.forge.public_api import (
    PUBLISHING,
    READING,
    Board,
    GitHubForge,
    Installation,
    PullRequestRequest,
    Standing,
    approved_issue,
    demand_key,
    open_issues,
    safeguards,
    whoami,
)
from swarm.repository.public_api import Mirror
from swarm.testing.forge import REPOSITORY, Served, a_forge, token_of
from swarm.testing.forge_apps import APP, BOT, Apps, a_key
from swarm.testing.git import a_quick_folder, a_repository


@pytest.fixture(scope="module")
def key() -> Iterator[Path]:
    with a_quick_folder() as folder:
        yield a_key(folder)


@dataclass(slots=True)
class Scene:
    folder: Path
    served: Served
    apps: Apps
    key: Path
    elapsed: float = 0.0
    made: list[Installation] = field(default_factory=list)

    def installation(
        self, may: dict[str, str] | None = None, key: Path | None = None
    ) -> Installation:
        return Installation(
            self.served.url, APP, (key or self.key).read_text, REPOSITORY,
            may or dict(PUBLISHING), elapsed=lambda: self.elapsed,
        )  # fmt: skip


@pytest.fixture
def scene(key: Path) -> Iterator[Scene]:
    with a_quick_folder() as folder:
        a_repository(folder / "source")
        apps = Apps(key.with_suffix(".pub"), time.time_ns() // 10**9, dict(PUBLISHING))
        with a_forge(folder, folder / "source", apps.around) as served:
            served.world.add_account(BOT, token_of(BOT), bot=True)
            served.world.add_repository(REPOSITORY, roles={BOT: "write"})
            yield Scene(folder, served, apps, key)


def test_a_token_is_for_one_repository_and_what_was_asked_for(scene: Scene) -> None:
    installation = scene.installation(dict(READING))
    token = installation.token()
    assert scene.apps.grants == {token: dict(READING)}
    assert installation.login() == BOT


def test_a_token_is_asked_for_anew_before_its_hour_is_over(scene: Scene) -> None:
    installation = scene.installation()
    first = installation.token()
    scene.elapsed = 49 * 60
    assert installation.token() == first
    scene.elapsed = 51 * 60
    assert installation.token() != first


@pytest.mark.parametrize(("behind", "works"), [(-50, True), (50, True), (600, False)])
def test_a_clock_that_is_a_little_off_does_no_harm(scene: Scene, behind: int, works: bool) -> None:
    """Github refuses what is from the future; so we say that it is a minute older."""
    scene.apps.now += behind
    if works:
        assert scene.installation().token()
    else:
        with pytest.raises(NeedsHuman, match="does not accept"):
            scene.installation().token()


def test_an_app_that_is_not_installed_or_may_less_is_told_so(scene: Scene) -> None:
    scene.apps.allowed["statuses"] = "read"
    with pytest.raises(NeedsHuman, match="may not do in ann/library"):
        scene.installation().token()
    scene.apps.installed = False
    with pytest.raises(NeedsHuman, match="is not installed"):
        scene.installation().token()


def test_another_key_is_not_the_app(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(NeedsHuman, match="does not accept"):
        scene.installation(key=a_key(tmp_path)).token()
    assert scene.apps.grants == {}


@pytest.mark.parametrize("pem", ["", "-----BEGIN PRIVATE KEY-----\n", "\0"])
def test_what_is_no_key_is_refused_before_it_is_kept(pem: str) -> None:
    with pytest.raises(NeedsHuman, match="no RSA key"):
        demand_key(pem)


def test_a_key_that_others_can_read_signs_nothing(scene: Scene, places: Places) -> None:
    (kept,) = places.keys.glob("app-*.pem")
    kept.chmod(0o644)
    with pytest.raises(NeedsHuman, match="others can read"):
        asyncio.run(open_issues(wire_to(places, scene.served.url, REPOSITORY), REPOSITORY))
    assert scene.apps.grants == {}


def test_two_forges_with_an_app_of_the_same_number_do_not_share_its_signature(
    scene: Scene, tmp_path: Path
) -> None:
    assert scene.installation().token()
    with pytest.raises(NeedsHuman, match="does not accept"):
        scene.installation(key=a_key(tmp_path)).token()


@pytest.fixture
def places(scene: Scene) -> Places:
    """The App is kept as a person does it; its clock is the machine's."""
    places = Places(scene.folder / "home")
    places.make()
    keep_app(places, scene.served.url, APP, scene.key.read_text())
    return places


@pytest.mark.thorough
def test_a_whole_life_of_an_issue_is_within_what_the_app_may(scene: Scene, places: Places) -> None:
    served = scene.served
    number = served.open_issue()
    served.done("ann", "POST", f"/issues/{number}/comments", {"body": "/approve"})
    eye = wire_to(places, served.url, REPOSITORY)
    asyncio.run(safeguards(eye, REPOSITORY))
    asyncio.run(open_issues(eye, REPOSITORY))
    found = asyncio.run(approved_issue(eye, REPOSITORY, number))
    clone = clone_of(places, found)
    assert asyncio.run(whoami(eye)) == BOT

    there = Ways(places)(found.tracker)
    mirror = Mirror.open(places.mirror_of(str(clone)), clone)
    mirror.fetch(found.head)
    tree = mirror.tree_of(found.head)
    head = mirror.commits(found.head, [(tree, "ours")], 5)
    there.outlet_of(str(clone)).publish_branch("swarm/g-abcdef", head)
    asked = PullRequestRequest(
        repository=REPOSITORY, branch="swarm/g-abcdef", head=head, tree=tree, base=found.head,
        title="Fix", body="why\n", certificate="{}", at=5,
    )  # fmt: skip
    made = asyncio.run(GitHubForge(there.wire, REPOSITORY, number).open_pull_request(asked))
    standing = Standing(
        key="g-abcdef", issue=number, label="swarm:review", text="x", head=head, said="2 of 2"
    )
    for text in ("x", "y"):
        values = standing.model_copy(update={"text": text})
        asyncio.run(Board(there.wire, REPOSITORY).show(values))
    run = {"name": "ci", "head_sha": head, "conclusion": "failure", "log": "##[error]x\n"}
    served.done("bob", "POST", "/check-runs", run)
    assert asyncio.run(look(there.wire, REPOSITORY, made.number)).asks == ("ci:ci",)
    assert len(asyncio.run(explain(there.wire, REPOSITORY, made.number))) == 1
    asyncio.run(Board(there.wire, REPOSITORY).make_ready(made.number))
    # The protection of a branch is an administrator's to see; nothing else was refused.
    assert {each.rsplit("/", 1)[1] for each in scene.apps.refused} <= {"protection"}
    (comment,) = [
        each
        for each in served.done("eve", "GET", f"/issues/{number}/comments")
        if each["user"]["login"] == BOT
    ]
    assert comment["body"].endswith("y")


def test_the_command_line_gets_no_token_that_writes(scene: Scene, places: Places) -> None:
    number = scene.served.open_issue()
    wire = wire_to(places, scene.served.url, REPOSITORY)
    with pytest.raises(NeedsHuman, match="not accessible by integration"):
        asyncio.run(
            wire.ask("comment", {"repository": REPOSITORY, "number": number}, data={"body": "x"})
        )


def test_no_token_of_an_app_is_ever_on_the_disk(scene: Scene, places: Places) -> None:
    wire = wire_to(places, scene.served.url, REPOSITORY)
    asyncio.run(open_issues(wire, REPOSITORY))
    files = [path for path in places.home.rglob("*") if path.is_file()]
    kept = b"".join(path.read_bytes() for path in files)
    assert scene.apps.grants
    assert not [token for token in scene.apps.grants if token.encode() in kept]
    assert {path.stat().st_mode & 0o777 for path in places.keys.iterdir() if path.is_file()} == {
        0o600
    }
    assert json.loads((places.keys / "forges.json").read_text()) == {scene.served.url: {"app": APP}}


def test_an_app_is_for_the_repository_it_was_asked_for(scene: Scene) -> None:
    installation = scene.installation()
    installation.repository = "ann/other"
    with pytest.raises((NeedsHuman, Rejected)):
        installation.token()
