import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from swarm.domain.ballots import Certificate, Policy, Subject
from swarm.domain.changes import Changes, Written
from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.names import CommitHash, Digest, GoalId, TreeHash
from swarm.forge.public_api import (
    Forge,
    How,
    LocalForge,
    Outlet,
    Publisher,
    PublishRequest,
    PullRequest,
    PullRequestRequest,
)
from swarm.repository.public_api import Mirror, read_branch
from swarm.repository.public_api import Outlet as GitOutlet
from swarm.testing.git import a_commit, a_quick_folder, a_repository, git, head_of

P = ParamSpec("P")
T = TypeVar("T")

GOAL = GoalId("g-abcdef")
BRANCH = f"swarm/{GOAL}"


def begun(folder: Path) -> PublishRequest:
    """A user's repository, a commit of ours in its mirror, and the certificate for that."""
    top = folder / "user"
    base = a_repository(top)
    mirror = Mirror.open(folder / "mirror", top)
    tree = mirror.tree_with(mirror.fetch(base), Changes((Written(b"new", "100644", b"x\n"),)))
    return a_request(top, base, mirror.commits(base, [(tree, "Add new")], 5), tree)


def a_request(top: Path, base: CommitHash, head: CommitHash, tree: TreeHash) -> PublishRequest:
    policy = Policy(threshold=1, testers=0, roster=())
    subject = Subject(
        goal_id=GOAL,
        contract=Digest("c" * 64),
        action="open-pull-request",
        repository=str(top),
        base=base,
        tree=tree,
        policy=policy.hash,
        round=1,
    )
    certificate = Certificate(subject=subject, policy=policy, authors=(), ballots=())
    return PublishRequest(
        goal_id=GOAL,
        repository=str(top),
        head=head,
        title="Add new",
        body="body",
        certificate=certificate,
        at=5,
    )


def outlet_of(folder: Path) -> Outlet:
    return GitOutlet(Mirror.open(folder / "mirror", folder / "user"))


def a_publisher(folder: Path, *, holds: bool = True) -> Publisher:
    forge = LocalForge(folder / "forge")
    return Publisher(lambda _: outlet_of(folder), forge, holds=lambda _: holds)


def publish(folder: Path, request: PublishRequest, *, holds: bool = True) -> int:
    return asyncio.run(a_publisher(folder, holds=holds).publish(request)).number


def pull_requests(folder: Path) -> tuple[PullRequest, ...]:
    return asyncio.run(LocalForge(folder / "forge").list())


def branches(folder: Path) -> list[str]:
    return git(folder / "user", "for-each-ref", "--format=%(refname:short)").split()


def test_a_certified_tree_becomes_a_branch_and_a_pull_request(tmp_path: Path) -> None:
    request = begun(tmp_path)
    published = asyncio.run(a_publisher(tmp_path).publish(request))
    (pull_request,) = pull_requests(tmp_path)
    assert (published.number, published.branch, published.head) == (1, BRANCH, request.head)
    assert head_of(tmp_path / "user", BRANCH) == pull_request.head == request.head
    assert Certificate.model_validate_json(pull_request.certificate) == request.certificate
    assert pull_request.created_at == request.at


def test_publishing_again_does_nothing_more(tmp_path: Path) -> None:
    request = begun(tmp_path)
    assert publish(tmp_path, request) == publish(tmp_path, request) == 1
    assert (len(pull_requests(tmp_path)), branches(tmp_path)) == (1, ["main", BRANCH])


def test_one_thing_is_published_at_a_time(tmp_path: Path) -> None:
    request, log = begun(tmp_path), list[str]()

    def outlet(_: str) -> Outlet:
        log.append("begun")
        return outlet_of(tmp_path)

    def holds(_: Certificate) -> bool:
        log.append("checked")
        return True

    publisher = Publisher(outlet, LocalForge(tmp_path / "forge"), holds=holds)
    asyncio.run(at_once(publisher, request))
    assert log == ["begun", "checked"] * 5


async def at_once(publisher: Publisher, request: PublishRequest) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(publisher.publish(request))


def test_calls_at_the_same_time_publish_once(tmp_path: Path) -> None:
    asyncio.run(at_once(a_publisher(tmp_path), begun(tmp_path)))
    assert len(pull_requests(tmp_path)) == 1


WRONG = {
    "goal id": {"goal_id": "main"},
    "goal": {"goal_id": "g-zzzzzz"},
    "repository": {"repository": "/elsewhere"},
    "policy": {"policy": "f" * 64},
    "tree": {"tree": "9" * 40},
    "base": {"base": "9" * 40},
}


@pytest.mark.parametrize("name", WRONG)
def test_nothing_is_published_that_the_certificate_does_not_cover(
    tmp_path: Path, name: str
) -> None:
    request = begun(tmp_path)
    certificate = request.certificate
    if name == "goal id":
        request = request.model_copy(update=WRONG[name])
    subject = certificate.subject.model_copy(update=WRONG[name])
    wrong = request.model_copy(
        update={"certificate": certificate.model_copy(update={"subject": subject})}
    )
    with pytest.raises(Rejected, match="does not cover"):
        publish(tmp_path, wrong)
    assert (pull_requests(tmp_path), branches(tmp_path)) == ((), ["main"])


def test_nothing_is_published_on_ballots_that_do_not_hold(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="ballots"):
        publish(tmp_path, begun(tmp_path), holds=False)
    assert (pull_requests(tmp_path), branches(tmp_path)) == ((), ["main"])


def test_a_commit_with_foreign_history_is_not_published(tmp_path: Path) -> None:
    request = begun(tmp_path)
    mirror = Mirror.open(tmp_path / "mirror", tmp_path / "user")
    tree = request.certificate.subject.tree
    orphan = mirror.record("refs/swarm/g-abcdef/t/1", tree, [], "no base", 5)
    with pytest.raises(Rejected, match="base"):
        publish(tmp_path, request.model_copy(update={"head": orphan}))


def test_a_withdrawn_pull_request_is_closed_however_often_it_is_asked_for(tmp_path: Path) -> None:
    request, publisher = begun(tmp_path), a_publisher(tmp_path)
    assert asyncio.run(publisher.withdraw(request.repository, GOAL)) is None
    published = asyncio.run(publisher.publish(request))
    for _ in range(2):
        assert asyncio.run(publisher.withdraw(request.repository, GOAL)) == published.number
    assert asyncio.run(publisher.is_closed(published.number))


@pytest.mark.parametrize("end", ["close", "merge"])
def test_what_a_person_ended_is_not_begun_again(tmp_path: Path, end: str) -> None:
    request, forge = begun(tmp_path), LocalForge(tmp_path / "forge")
    publish(tmp_path, request)
    asyncio.run(forge.close(1, "ann") if end == "close" else forge.mark_merged(1, "tree"))
    git(tmp_path / "user", "branch", "-D", BRANCH)
    assert publish(tmp_path, request) == 1
    assert branches(tmp_path) == ["main"]
    assert pull_requests(tmp_path)[0].state in {"closed", "merged"}


def test_a_person_may_go_on_with_our_branch(tmp_path: Path) -> None:
    request = begun(tmp_path)
    publish(tmp_path, request)
    git(tmp_path / "user", "checkout", "--quiet", BRANCH)
    theirs = a_commit(tmp_path / "user", {"mine": "x"})
    assert publish(tmp_path, request) == 1
    assert head_of(tmp_path / "user", BRANCH) == theirs


def test_a_person_who_has_that_branch_already_is_asked(tmp_path: Path) -> None:
    request = begun(tmp_path)
    git(tmp_path / "user", "branch", BRANCH)
    with pytest.raises(NeedsHuman, match="swarm did not write"):
        publish(tmp_path, request)
    assert head_of(tmp_path / "user", BRANCH) == head_of(tmp_path / "user", "main")
    assert pull_requests(tmp_path) == ()


# Killed between any two steps. Each step is one call of the publisher on the outside world.


class Fuse:
    """Kills this process with SIGKILL at the nth call that passes."""

    def __init__(self, left: int) -> None:
        self.left = left

    def burn(self) -> None:
        self.left -= 1
        if self.left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


class FusedOutlet:
    """An outlet in which the process may die before and after every call."""

    def __init__(self, inner: Outlet, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    def tree_of(self, commit: CommitHash) -> TreeHash:
        return self._do(self._inner.tree_of, commit)

    def stands_on(self, commit: CommitHash, base: CommitHash) -> bool:
        return self._do(self._inner.stands_on, commit, base)

    def touched(self, base: CommitHash, commit: CommitHash) -> tuple[str, ...]:
        return self._do(self._inner.touched, base, commit)

    def read_branch(self, branch: str) -> CommitHash | None:
        return self._do(self._inner.read_branch, branch)

    def publish_branch(self, branch: str, commit: CommitHash) -> None:
        self._do(self._inner.publish_branch, branch, commit)

    def _do(self, call: Callable[P, T], *arguments: P.args, **others: P.kwargs) -> T:
        self._fuse.burn()
        result = call(*arguments, **others)
        self._fuse.burn()
        return result


class FusedForge:
    """A forge in which the process may die before and after every call."""

    def __init__(self, inner: Forge, fuse: Fuse) -> None:
        self._inner, self._fuse = inner, fuse

    async def open_pull_request(self, request: PullRequestRequest) -> PullRequest:
        return await self._do(self._inner.open_pull_request, request)

    async def find(self, repository: str, branch: str) -> PullRequest | None:
        return await self._do(self._inner.find, repository, branch)

    async def revise(self, number: int, request: PullRequestRequest) -> PullRequest:
        return await self._do(self._inner.revise, number, request)

    async def get(self, number: int) -> PullRequest:
        return await self._do(self._inner.get, number)

    async def list(self, repository: str | None = None) -> tuple[PullRequest, ...]:
        return await self._do(self._inner.list, repository)

    async def close(self, number: int, by: str) -> PullRequest:
        return await self._do(self._inner.close, number, by)

    async def mark_merged(self, number: int, how: How) -> PullRequest:
        return await self._do(self._inner.mark_merged, number, how)

    async def _do(
        self, call: Callable[P, Awaitable[T]], *arguments: P.args, **others: P.kwargs
    ) -> T:
        self._fuse.burn()
        result = await call(*arguments, **others)
        self._fuse.burn()
        return result


def publish_with_a_fuse(folder: Path, request: PublishRequest, calls: int) -> bool:
    """In a process of its own. Whether it came to its end before the fuse did."""
    child = os.fork()
    if child == 0:
        try:
            fuse = Fuse(calls)
            outlet = FusedOutlet(outlet_of(folder), fuse)
            forge = FusedForge(LocalForge(folder / "forge"), fuse)
            publisher = Publisher(lambda _: outlet, forge, holds=lambda _: True)
            asyncio.run(publisher.publish(request))
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFEXITED(status)


def test_killed_at_any_point_and_called_again_it_publishes_once(tmp_path: Path) -> None:
    begun_request = begun(tmp_path)
    calls, finished = 0, False
    while not finished:
        request = for_goal(GoalId(f"g-abcde{calls}"), begun_request)
        finished = publish_with_a_fuse(tmp_path, request, calls)
        calls += 1
        assert publish(tmp_path, request) == calls
        assert len(pull_requests(tmp_path)) == calls
        assert branches(tmp_path)[1:] == sorted(f"swarm/g-abcde{n}" for n in range(calls))
        assert head_of(tmp_path / "user", f"swarm/{request.goal_id}") == request.head
    assert calls > 12


def for_goal(goal_id: GoalId, request: PublishRequest) -> PublishRequest:
    subject = request.certificate.subject.model_copy(update={"goal_id": goal_id})
    certificate = request.certificate.model_copy(update={"subject": subject})
    return request.model_copy(update={"goal_id": goal_id, "certificate": certificate})


class Together(RuleBasedStateMachine):
    """A person and the publisher at work on one repository, in any order."""

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.folder = self.stack.enter_context(a_quick_folder())
        self.request = begun(self.folder)
        self.user = self.folder / "user"
        self.main = head_of(self.user)
        self.theirs: CommitHash | None = None
        """What the person put under the name of our branch."""

    def teardown(self) -> None:
        self.stack.close()

    @property
    def branch(self) -> CommitHash | None:
        return read_branch(self.user, BRANCH)

    @property
    def pull_request(self) -> PullRequest | None:
        return asyncio.run(LocalForge(self.folder / "forge").find(str(self.user), BRANCH))

    @rule()
    def the_publisher_publishes(self) -> None:
        before, known = self.branch, self.pull_request
        try:
            publish(self.folder, self.request)
        except NeedsHuman:
            assert known is None
            assert before == self.theirs is not None
        else:
            assert self.branch == (before if known else self.request.head)
            assert known is None or self.pull_request == known

    @rule(calls=st.integers(0, 11))
    def the_publisher_is_killed(self, calls: int) -> None:
        if self.theirs is None:
            publish_with_a_fuse(self.folder, self.request, calls)

    @rule()
    def the_person_works_under_that_name(self) -> None:
        git(self.user, "checkout", "--quiet", *(() if self.branch else ("-b",)), BRANCH)
        self.theirs = a_commit(self.user, {"theirs": "x"})
        git(self.user, "checkout", "--quiet", "main")

    @precondition(lambda self: self.branch)
    @rule()
    def the_person_deletes_the_branch(self) -> None:
        git(self.user, "branch", "--quiet", "-D", BRANCH)
        self.theirs = None

    @precondition(lambda self: self.pull_request and self.pull_request.state == "open")
    @rule(merge=st.booleans())
    def the_person_decides(self, *, merge: bool) -> None:
        forge = LocalForge(self.folder / "forge")
        asyncio.run(forge.mark_merged(1, "said") if merge else forge.close(1, "ann"))

    @invariant()
    def at_most_one_pull_request_exists(self) -> None:
        assert len(pull_requests(self.folder)) <= 1

    @invariant()
    def what_the_person_made_stays(self) -> None:
        assert head_of(self.user) == self.main
        assert self.theirs is None or self.branch == self.theirs
        assert git(self.user, "status", "--porcelain") == ""


TestTogether = Together.TestCase
TestTogether.settings = settings(max_examples=6, stateful_step_count=8, deadline=None)
