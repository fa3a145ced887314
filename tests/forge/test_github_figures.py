"""How many of the calls that GitHub allows in an hour a goal takes, and how many it takes to see that
nothing is new.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from swarm.domain.names import CommitHash, GoalId, TreeHash
from swarm.forge.github.intake import why_revoked
from swarm.forge.github.outcome import look
from swarm.forge.public_api import (
    ApprovedIssue,
    Board,
    GitHubForge,
    PullRequestRequest,
    Standing,
    Wire,
    approved_issue,
    open_issues,
)
from swarm.testing.forge import REPOSITORY, Served, a_forge, http_git, token_of
from swarm.testing.git import a_quick_folder, a_repository

BRANCH = "swarm/g-abcdef"


@dataclass(frozen=True, slots=True)
class Scene:
    served: Served
    wire: Wire
    issue: int
    head: CommitHash

    def spent(self) -> int:
        return sum(self.wire.asked.values())


@pytest.fixture
def scene() -> Iterator[Scene]:
    with a_quick_folder() as folder:
        a_repository(folder / "source")
        with a_forge(folder, folder / "source") as served:
            http_git(folder, "clone", "--quiet", served.clone_url("swarm-bot"), "ours")
            http_git(folder / "ours", "commit", "--quiet", "--allow-empty", "-m", "ours")
            http_git(folder / "ours", "push", "--quiet", "origin", f"HEAD:refs/heads/{BRANCH}")
            head = CommitHash(http_git(folder / "ours", "rev-parse", "HEAD"))
            number = served.open_issue()
            served.done("ann", "POST", f"/issues/{number}/labels", {"labels": ["approved"]})
            wire = Wire(served.url, lambda: token_of("swarm-bot"), pause=0.0)
            yield Scene(served, wire, number, head)


async def taken_up(scene: Scene) -> ApprovedIssue:
    await open_issues(scene.wire, REPOSITORY)
    return await approved_issue(scene.wire, REPOSITORY, scene.issue)


async def published(scene: Scene) -> int:
    request = PullRequestRequest(
        repository=REPOSITORY, branch=BRANCH, head=scene.head, tree=TreeHash("2" * 40),
        base=CommitHash("3" * 40), title="Fix", body="why\n", certificate="{}", at=5,
    )  # fmt: skip
    forge = GitHubForge(scene.wire, REPOSITORY, scene.issue)
    assert await forge.find(REPOSITORY, BRANCH) is None
    return (await forge.open_pull_request(request)).number


async def shown(scene: Scene, word: str, head: CommitHash | None) -> None:
    standing = Standing(
        key=GoalId("g-abcdef"), issue=scene.issue, label=f"swarm:{word}", text=word, head=head,
        verdict="success" if head else "pending", said=word if head is None else "2 of 2",
    )  # fmt: skip
    await Board(scene.wire, REPOSITORY).show(standing)


async def whole_life(scene: Scene) -> None:
    """Taken up, shown, published, shown, checked, made ready, merged, shown."""
    found = await taken_up(scene)
    await shown(scene, "working", None)
    assert await why_revoked(scene.wire, found.tracker) == ""
    number = await published(scene)
    await shown(scene, "review", scene.head)
    await look(scene.wire, REPOSITORY, number)
    run = {"name": "ci", "head_sha": scene.head, "conclusion": "success"}
    await asyncio.to_thread(scene.served.done, "bob", "POST", "/check-runs", run)
    assert (await look(scene.wire, REPOSITORY, number)).checks == "green"
    await Board(scene.wire, REPOSITORY).make_ready(number)
    assert not (await look(scene.wire, REPOSITORY, number)).draft
    await shown(scene, "settled", scene.head)


@pytest.mark.thorough
def test_a_goal_takes_at_most_forty_calls(scene: Scene) -> None:
    asyncio.run(whole_life(scene))
    assert 20 <= scene.spent() <= 40, scene.wire.asked


@pytest.mark.thorough
def test_to_see_that_nothing_is_new_takes_none(scene: Scene) -> None:
    async def a_round() -> None:
        found = await taken_up(scene)
        await why_revoked(scene.wire, found.tracker)
        await look(scene.wire, REPOSITORY, number)

    number = asyncio.run(published(scene))
    asyncio.run(a_round())
    before, unchanged = scene.wire.asked.copy(), scene.wire.unchanged
    asyncio.run(a_round())
    # GraphQL knows no entry tags; it is asked once for each text, not once a round.
    assert set(scene.wire.asked - before) <= {"edited"}
    assert scene.wire.unchanged > unchanged
