import asyncio
from collections.abc import Iterator

import pytest

from swarm.domain.errors import NeedsHuman
from swarm.domain.names import CommitHash
from swarm.forge.github.outcome import changes_asked, state_of
from swarm.forge.github.reading import SeenCheck, SeenReview, SeenStatus, Who
from swarm.forge.github.safety import exposed, safeguards
from swarm.forge.public_api import Protection, Wire
from swarm.testing.forge import REPOSITORY, Served, a_forge, token_of
from swarm.testing.git import a_quick_folder, a_repository

PLAIN = "on: [push]\njobs:\n  test:\n    steps:\n      - run: pytest\n"
LEAKY = "on: [push]\njobs:\n  test:\n    env:\n      KEY: ${{ secrets.KEY }}\n"


@pytest.fixture
def served() -> Iterator[Served]:
    with a_quick_folder() as folder:
        files = {".github/workflows/ci.yml": PLAIN, ".github/workflows/leak.yaml": LEAKY}
        a_repository(folder / "source", files)
        with a_forge(folder, folder / "source") as forge:
            yield forge


def found(served: Served, login: str = "swarm-bot") -> dict[str, bool]:
    wire = Wire(served.url, lambda: token_of(login), pause=0.0)
    return {each.what: each.ok for each in asyncio.run(safeguards(wire, REPOSITORY))}


def test_an_unprotected_branch_and_leaking_workflows_are_named(served: Served) -> None:
    assert found(served) == {
        "token": True, "branch main": False, "bypass": True, "reading": True,
        "workflow leak.yaml": False,
    }  # fmt: skip


def test_a_protected_branch_is_enough_even_where_its_rules_cannot_be_seen(served: Served) -> None:
    served.world.protect(REPOSITORY, Protection(reviews=1))
    wire = Wire(served.url, lambda: token_of("swarm-bot"), pause=0.0)
    rows = {each.what: each for each in asyncio.run(safeguards(wire, REPOSITORY))}
    assert rows["branch main"].ok
    assert (rows["reviews"].ok, rows["reviews"].needed) == (False, False)


@pytest.mark.parametrize(("reviews", "ok"), [(0, False), (1, True)])
def test_an_administrator_sees_the_rules_and_may_be_let_past_them(
    served: Served, reviews: int, ok: bool
) -> None:
    served.world.protect(REPOSITORY, Protection(reviews=reviews))
    rows = found(served, "ann")
    assert (rows["reviews"], rows["bypass"]) == (ok, False)


def test_who_may_only_read_is_told_so(served: Served) -> None:
    assert found(served, "eve")["token"] is False


def test_a_repository_that_is_not_there_needs_a_human(served: Served) -> None:
    wire = Wire(served.url, lambda: token_of("eve"))
    with pytest.raises(NeedsHuman, match="no repository"):
        asyncio.run(safeguards(wire, "ann/nothing"))


@pytest.mark.parametrize(
    ("workflow", "why"),
    [
        (PLAIN, ""),
        (LEAKY, "runs on push with secrets"),
        ("on:\n  pull_request:\njobs:\n  x: ${{ secrets['A'] }}", "runs on pull_request with secrets"),
        ("on: push\njobs:\n  x: ${{ secrets.GITHUB_TOKEN }}", ""),
        ("on: push\njobs:\n  x:\n    secrets: inherit", "runs on push with secrets"),
        ("on: push\npermissions: write-all\njobs: {}", "runs on push with a token that writes"),
        ("on: push\npermissions:\n  contents: write\njobs: {}", "runs on push with a token that writes"),
        ("on: workflow_dispatch\njobs:\n  x: ${{ secrets.A }}", ""),
        ("on:\n  schedule:\njobs:\n  x: ${{ secrets.A }}", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_workflows_are_read_on_the_safe_side(workflow: str, why: str) -> None:
    assert exposed(workflow) == why


def check(status: str, conclusion: str | None = None) -> SeenCheck:
    return SeenCheck(name="ci", status=status, conclusion=conclusion)


@pytest.mark.parametrize(
    ("checks", "statuses", "state"),
    [
        ([], [], "none"),
        ([check("completed", "success")], [], "green"),
        ([check("completed", "skipped"), check("in_progress")], [], "pending"),
        ([check("completed", "failure"), check("queued")], [], "red"),
        ([check("completed", "success")], [SeenStatus(state="failure")], "red"),
        ([], [SeenStatus(state="pending")], "pending"),
        ([], [SeenStatus(state="error")], "red"),
    ],
)
def test_checks_are_red_as_soon_as_one_is(
    checks: list[SeenCheck], statuses: list[SeenStatus], state: str
) -> None:
    assert state_of(checks, statuses) == state


def review(state: str, who: str = "ann", commit: str = "c", kind: str = "User") -> SeenReview:
    return SeenReview(
        id=1, state=state, body="why", user=Who(login=who, type=kind), commit_id=commit
    )


@pytest.mark.parametrize(
    ("reviews", "count"),
    [
        ([review("CHANGES_REQUESTED")], 1),
        ([review("CHANGES_REQUESTED"), review("APPROVED")], 0),
        ([review("CHANGES_REQUESTED"), review("COMMENTED")], 1),
        ([review("CHANGES_REQUESTED"), review("CHANGES_REQUESTED", "bob")], 2),
        ([review("CHANGES_REQUESTED", commit="older")], 0),
        ([review("CHANGES_REQUESTED", kind="Bot")], 0),
    ],
)
def test_of_each_person_the_last_word_on_this_commit_counts(
    reviews: list[SeenReview], count: int
) -> None:
    assert len(changes_asked(reviews, CommitHash("c"))) == count
