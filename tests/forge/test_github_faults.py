"""Whatever GitHub does to a call: one pull request, one comment, and errors that say what to do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import NeedsHuman, Rejected, Transient
from swarm.domain.names import CommitHash, TreeHash
from swarm.forge.github.board import Board, Standing
from swarm.forge.github.wire import LONGEST_WAIT, Query, seconds_of
from swarm.forge.public_api import GitHubForge, PullRequestRequest, Wire
from swarm.testing.forge import REPOSITORY, Served, a_forge, http_git, token_of
from swarm.testing.forge_faults import Fault, Faults, Harm
from swarm.testing.git import a_quick_folder, a_repository

pytestmark = pytest.mark.thorough

BRANCH = "swarm/g-abcdef"
REPO = f"/repos/{REPOSITORY}"
HARMS: tuple[Harm, ...] = (
    "429 seconds", "429 date", "429 huge", "429 bare", "403 secondary", "403 primary",
    "500 before", "500 after", "502 page after", "silence before", "silence after", "cut after",
    "200 page", "half an answer",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scene:
    served: Served
    faults: Faults
    wire: Wire
    request: PullRequestRequest
    issue: int

    @property
    def standing(self) -> Standing:
        return Standing(
            key="g-abcdef",
            issue=self.issue,
            label="swarm:working",
            text="two tasks",
            head=self.request.head,
            verdict="success",
            said="3 of 3",
        )

    async def open(self) -> int:
        return (await GitHubForge(self.wire, REPOSITORY).open_pull_request(self.request)).number

    async def show(self) -> None:
        await Board(self.wire, REPOSITORY).show(self.standing)

    def pulls(self) -> list[int]:
        found = self.served.done("eve", "GET", "/pulls?state=all&per_page=100")
        return [each["number"] for each in found]

    def comments(self) -> list[str]:
        return [
            each["body"]
            for each in self.served.done("eve", "GET", f"/issues/{self.issue}/comments")
        ]


@pytest.fixture
def scene() -> Iterator[Scene]:
    faults = Faults(silence=4.0)
    with a_quick_folder() as folder:
        a_repository(folder / "source")
        with a_forge(folder, folder / "source", faults.around) as served:
            head = pushed(folder, served)
            wire = Wire(served.url, lambda: token_of("swarm-bot"), pause=0.0, seconds=0.3)
            yield Scene(served, faults, wire, a_request(head), served.open_issue())


def pushed(folder: Path, served: Served) -> str:
    clone = folder / "ours"
    http_git(folder, "clone", "--quiet", served.clone_url("swarm-bot"), str(clone))
    http_git(clone, "commit", "--quiet", "--allow-empty", "-m", "ours")
    http_git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
    return http_git(clone, "rev-parse", "HEAD")


def a_request(head: str) -> PullRequestRequest:
    return PullRequestRequest(
        repository=REPOSITORY, branch=BRANCH, head=CommitHash(head), tree=TreeHash("2" * 40),
        base=CommitHash("3" * 40), title="Fix", body="why\n", certificate="{}", at=5,
    )  # fmt: skip


async def until_done(wire: Wire, work: Callable[[], Awaitable[object]], most: int = 8) -> None:
    """As the coordinator does: again when it may work later."""
    for _ in range(most):
        with suppress(Transient):
            await work()
            return
        # Under load even an honest answer comes late.
        wire.seconds *= 2
    raise AssertionError("it never worked")


CALLS = {
    "looking": ("GET", f"{REPO}/pulls"),
    "the place": ("GET", REPO),
    "opening": ("POST", f"{REPO}/pulls"),
}


@pytest.mark.thorough
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("harm", HARMS)
def test_there_is_one_pull_request_whatever_happens(scene: Scene, call: str, harm: Harm) -> None:
    method, path = CALLS[call]
    scene.faults.rules.append(Fault(method, path, harm, times=2))
    scene.wire.seconds = 0.3 if "silence" in harm else 20.0
    asyncio.run(until_done(scene.wire, scene.open))
    assert scene.pulls() == [asyncio.run(scene.open())]
    assert scene.faults.struck


@pytest.mark.thorough
@pytest.mark.parametrize("harm", HARMS)
def test_there_is_one_comment_whatever_happens(scene: Scene, harm: Harm) -> None:
    comments = f"{REPO}/issues/{scene.issue}/comments"
    scene.faults.rules += [
        Fault("POST", comments, harm, times=2),
        Fault("POST", f"{REPO}/issues/{scene.issue}/labels", harm),
        Fault("POST", f"{REPO}/statuses/.*", harm),
    ]
    scene.wire.seconds = 0.3 if "silence" in harm else 20.0
    asyncio.run(until_done(scene.wire, scene.show))
    assert len(scene.comments()) == 1
    assert [each["name"] for each in issue(scene)["labels"]] == ["swarm:working"]
    combined = scene.served.done("eve", "GET", f"/commits/{scene.request.head}/status")
    assert combined["state"] == "success"


def issue(scene: Scene) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = scene.served.done(
        "eve", "GET", f"/issues/{scene.issue}"
    )
    return found


def test_an_answer_that_was_lost_is_not_taken_for_no(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    scene.faults.rules.append(Fault("POST", f"{REPO}/pulls", "500 after"))
    with pytest.raises(Transient):
        asyncio.run(scene.open())
    assert len(scene.pulls()) == 1
    assert asyncio.run(scene.open()) == scene.pulls()[0]


def test_a_list_that_lags_behind_leads_to_no_second_one(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    first = asyncio.run(scene.open())
    scene.faults.rules.append(Fault("GET", f"{REPO}/pulls", "nothing there", times=2))
    assert asyncio.run(scene.open()) == first
    scene.faults.rules.append(Fault("GET", f"{REPO}/pulls", "nothing there", times=4))
    with pytest.raises(Transient, match="does not show it yet"):
        asyncio.run(scene.open())
    assert scene.pulls() == [first]


def test_a_second_comment_from_a_list_that_lags_is_taken_away(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    comments = f"{REPO}/issues/{scene.issue}/comments"
    asyncio.run(scene.show())
    scene.faults.rules.append(Fault("GET", comments, "nothing there"))
    asyncio.run(scene.show())
    assert len(scene.comments()) == 2
    asyncio.run(scene.show())
    assert len(scene.comments()) == 1


def test_a_comment_is_edited_and_nobody_elses_is(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    forged = "<!-- swarm-status g-abcdef -->\nmine"
    scene.served.done("eve", "POST", f"/issues/{scene.issue}/comments", {"body": forged})
    asyncio.run(scene.show())
    other = scene.standing.model_copy(update={"text": "done", "label": "swarm:done"})
    asyncio.run(Board(scene.wire, REPOSITORY).show(other))
    assert [each.splitlines()[1] for each in scene.comments()] == ["mine", "done"]
    assert [each["name"] for each in issue(scene)["labels"]] == ["swarm:done"]


def test_a_comment_that_is_known_is_edited_without_a_look_and_made_anew_when_it_is_gone(
    scene: Scene,
) -> None:
    known: dict[str, tuple[int, str]] = {}
    board = Board(scene.wire, REPOSITORY, known)

    def show(text: str) -> None:
        standing = Standing(key="g-abcdef", issue=scene.issue, label="", text=text)
        asyncio.run(board.show(standing))

    show("one")
    before = scene.wire.asked["comments"]
    show("two")
    assert scene.wire.asked["comments"] == before
    scene.served.done("ann", "DELETE", f"/issues/comments/{known['g-abcdef'][0]}")
    show("three")
    (comment,) = scene.comments()
    assert comment.endswith("three")


def test_showing_the_same_again_writes_nothing(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    asyncio.run(scene.show())
    before = scene.wire.asked.copy()
    asyncio.run(scene.show())
    assert not {"comment", "edit comment", "label", "set status"} & set(scene.wire.asked - before)


def test_labels_of_people_stay_and_ours_are_put_right(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    names = ["bug", "swarm:done"]
    scene.served.done("ann", "POST", f"/issues/{scene.issue}/labels", {"labels": names})
    asyncio.run(scene.show())
    assert {each["name"] for each in issue(scene)["labels"]} == {"bug", "swarm:working"}


def test_a_revoked_token_needs_a_human(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    scene.wire.token = lambda: "revoked"
    with pytest.raises(NeedsHuman, match="revoked"):
        asyncio.run(scene.open())
    assert scene.pulls() == []


def test_an_archived_repository_needs_a_human(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    found = scene.served.world.repository(REPOSITORY)
    assert found is not None
    scene.served.world.repositories.put(found.model_copy(update={"archived": True}))
    with pytest.raises(NeedsHuman, match="archived"):
        asyncio.run(scene.open())


def test_a_deleted_issue_stops_nothing(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    gone = scene.standing.model_copy(update={"issue": 999})
    asyncio.run(Board(scene.wire, REPOSITORY).show(gone))
    assert scene.wire.asked["set status"] == 1


def test_a_branch_without_commits_is_refused_for_good(scene: Scene) -> None:
    scene.wire.seconds = 20.0
    request = scene.request.model_copy(update={"branch": "swarm/g-nothing"})
    with pytest.raises(Rejected, match="422"):
        asyncio.run(GitHubForge(scene.wire, REPOSITORY).open_pull_request(request))


def test_a_dry_run_tells_its_writes_and_makes_none(scene: Scene) -> None:
    told: list[str] = []
    scene.wire.seconds, scene.wire.dry = 20.0, told.append
    assert asyncio.run(scene.open()) == 0
    asyncio.run(scene.show())
    assert [line.split()[:2] for line in told] == [
        ["POST", f"{REPO}/pulls"],
        ["POST", f"{REPO}/issues/{scene.issue}/comments"],
        ["POST", f"{REPO}/issues/{scene.issue}/labels"],
        ["POST", f"{REPO}/statuses/{scene.request.head}"],
    ]
    assert (scene.pulls(), scene.comments(), issue(scene)["labels"]) == ([], [], [])


def test_writes_keep_their_distance(scene: Scene) -> None:
    scene.wire.seconds, scene.wire.pause = 20.0, 0.2

    async def three() -> float:
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            at: Query = {"repository": REPOSITORY, "number": scene.issue}
            await scene.wire.ask("label", at, data={"labels": ["a"]})
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(three()) >= 0.4


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        ("5", 5), ("0", 1), ("-5", 1), ("9" * 5000, LONGEST_WAIT), ("soon", 60), ("", 60),
        ("Tue, 14 Nov 2023 22:13:50 GMT", 30), ("Tue, 14 Nov 2023 00:00:00 GMT", 1),
        ("Tue, 14 Nov 9999 22:13:50 GMT", LONGEST_WAIT), ("٣", 60),
    ],
)  # fmt: skip
def test_a_wait_is_seconds_or_a_date_by_the_servers_clock(wait: str, seconds: int) -> None:
    assert seconds_of(wait, "Tue, 14 Nov 2023 22:13:20 GMT") == seconds


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_header_makes_us_wait_for_ever(wait: str, date: str) -> None:
    assert 1 <= seconds_of(wait, date) <= LONGEST_WAIT
