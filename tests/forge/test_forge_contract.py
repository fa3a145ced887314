"""What holds for every forge: the embedded one, and GitHub's client against the embedded server."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pytest

from swarm.domain.errors import Rejected
from swarm.domain.names import CommitHash, TreeHash
from swarm.forge import queries
from swarm.forge.public_api import CALLS, Forge, GitHubForge, LocalForge, PullRequestRequest, Wire
from swarm.testing.forge import REPOSITORY, Served, a_forge, http_git, token_of
from swarm.testing.git import a_quick_folder, a_repository

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


class Yard(Protocol):
    """A forge, and the people there."""

    @property
    def forge(self) -> Forge: ...
    def a_request(self, branch: str = "swarm/g-abcdef") -> PullRequestRequest: ...
    def close(self, number: int) -> None: ...
    def merge(self, number: int) -> None: ...


def asked(repository: str, branch: str, head: str) -> PullRequestRequest:
    return PullRequestRequest(
        repository=repository,
        branch=branch,
        head=CommitHash(head),
        tree=TreeHash("2" * 40),
        base=CommitHash("3" * 40),
        title="Fix",
        body="why\n",
        certificate='{"a":1}',
        at=5,
    )


@dataclass(frozen=True, slots=True)
class LocalYard:
    forge: LocalForge

    def a_request(self, branch: str = "swarm/g-abcdef") -> PullRequestRequest:
        return asked("/r", branch, "1" * 40)

    def close(self, number: int) -> None:
        run(self.forge.close(number, "a person"))

    def merge(self, number: int) -> None:
        run(self.forge.mark_merged(number, "said"))


@dataclass(frozen=True, slots=True)
class GitHubYard:
    folder: Path
    served: Served
    forge: GitHubForge

    def a_request(self, branch: str = "swarm/g-abcdef") -> PullRequestRequest:
        clone = self.folder / branch.replace("/", "-")
        if not clone.exists():
            http_git(
                self.folder, "clone", "--quiet", self.served.clone_url("swarm-bot"), str(clone)
            )
            (clone / branch.replace("/", "-")).write_text("x\n")
            http_git(clone, "add", "--all")
            http_git(clone, "commit", "--quiet", "-m", branch)
            http_git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
        return asked(REPOSITORY, branch, http_git(clone, "rev-parse", "HEAD"))

    def close(self, number: int) -> None:
        self.served.done("ann", "PATCH", f"/pulls/{number}", {"state": "closed"})

    def merge(self, number: int) -> None:
        branch = self.served.done("ann", "GET", f"/pulls/{number}")["head"]["ref"]
        self.served.merge_by_hand(self.folder, branch)


@pytest.fixture(params=["local", "github"])
def yard(request: pytest.FixtureRequest) -> Iterator[Yard]:
    with ExitStack() as stack:
        folder = stack.enter_context(a_quick_folder())
        if request.param == "local":
            yield LocalYard(LocalForge(folder / "state"))
            return
        a_repository(folder / "source")
        served = stack.enter_context(a_forge(folder, folder / "source"))
        wire = Wire(served.url, lambda: token_of("swarm-bot"), pause=0.0)
        yield GitHubYard(folder, served, GitHubForge(wire, REPOSITORY))


def test_a_pull_request_is_what_was_asked_for(yard: Yard) -> None:
    request = yard.a_request()
    made = run(yard.forge.open_pull_request(request))
    assert made.model_dump(exclude={"number", "created_at", "state", "ended_by"}) == (
        request.model_dump(exclude={"at"})
    )
    assert (made.created_at, made.state) == (request.at, "open")
    assert run(yard.forge.get(made.number)) == made


def test_a_branch_has_one_pull_request_however_often_it_is_asked_for(yard: Yard) -> None:
    first = run(yard.forge.open_pull_request(yard.a_request()))
    assert run(yard.forge.open_pull_request(yard.a_request())) == first
    assert run(yard.forge.list()) == (first,)


def test_the_same_branch_at_another_commit_is_refused(yard: Yard) -> None:
    request = yard.a_request()
    run(yard.forge.open_pull_request(request))
    other = request.model_copy(update={"head": CommitHash("9" * 40)})
    with pytest.raises(Rejected, match="another commit"):
        run(yard.forge.open_pull_request(other))


def test_one_that_is_open_says_what_its_branch_has_become(yard: Yard) -> None:
    request = yard.a_request()
    made = run(yard.forge.open_pull_request(request))
    head, tree = CommitHash("8" * 40), TreeHash("7" * 40)
    later = request.model_copy(
        update={"head": head, "tree": tree, "body": "why, and more\n", "certificate": '{"b":2}'}
    )
    for _ in range(2):
        run(yard.forge.revise(made.number, later))
    said = {"head": head, "tree": tree, "body": later.body, "certificate": later.certificate}
    assert run(yard.forge.get(made.number)) == made.model_copy(update=said)


def test_one_that_a_person_closed_is_revised_no_more(yard: Yard) -> None:
    request = yard.a_request()
    made = run(yard.forge.open_pull_request(request))
    yard.close(made.number)
    with pytest.raises(Rejected, match="it stays as it is"):
        run(yard.forge.revise(made.number, request))
    assert run(yard.forge.get(made.number)).head == request.head


@pytest.mark.parametrize("end", ["closed", "merged"])
def test_what_a_person_decided_stays_decided(yard: Yard, end: str) -> None:
    request = yard.a_request()
    number = run(yard.forge.open_pull_request(request)).number
    yard.close(number) if end == "closed" else yard.merge(number)
    ended = run(yard.forge.open_pull_request(request))
    assert (ended.number, ended.state) == (number, end)
    assert run(yard.forge.find(request.repository, request.branch)) == ended
    assert len(run(yard.forge.list())) == 1


@pytest.mark.thorough
def test_a_merged_one_cannot_be_closed_and_a_closed_one_is(yard: Yard) -> None:
    one, two = (
        run(yard.forge.open_pull_request(yard.a_request(name))).number
        for name in ("swarm/g-aaaaaa", "swarm/g-bbbbbb")
    )
    yard.merge(one)
    with pytest.raises(Rejected, match="is merged already"):
        run(yard.forge.close(one, "veto"))
    for _ in range(2):
        assert run(yard.forge.close(two, "veto")).state == "closed"
    assert run(yard.forge.mark_merged(one, "said")).state == "merged"


def test_what_is_not_there_is_not_found(yard: Yard) -> None:
    assert run(yard.forge.find(yard.a_request().repository, "swarm/g-zzzzzz")) is None
    with pytest.raises(Rejected, match="there is no"):
        run(yard.forge.get(99))


def test_the_client_has_no_call_that_merges() -> None:
    """Nor one that approves, writes contents or refs, or changes who may do what."""
    writes = {(way.method, way.path) for way in CALLS.values() if way.method != "GET"}
    assert {path for _, path in writes} == {
        "/app/installations/{id}/access_tokens",
        "/graphql",
        "/repos/{repository}/issues/comments/{id}",
        "/repos/{repository}/issues/{number}/comments",
        "/repos/{repository}/issues/{number}/labels",
        "/repos/{repository}/issues/{number}/labels/{name}",
        "/repos/{repository}/pulls",
        "/repos/{repository}/pulls/{number}",
        "/repos/{repository}/statuses/{sha}",
    }
    assert not [way for way in CALLS.values() if "merge" in way.path or way.method == "PUT"]


def test_the_client_asks_no_question_of_graphql_that_merges() -> None:
    """Not even later, by itself: there is an order for that, too."""
    asked = {name: text for name, text in vars(queries).items() if name.isupper()}
    assert set(asked) == {"EDITED", "READY"}
    written = {name for name, text in asked.items() if text.startswith("mutation")}
    assert written == {"READY"}
    assert "markPullRequestReadyForReview" in asked["READY"]
    assert not [text for text in asked.values() if "merge" in text.lower()]
