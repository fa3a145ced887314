import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from swarm.domain.errors import NeedsHuman, Rejected
from swarm.domain.names import CommitHash, TreeHash
from swarm.forge.public_api import (
    Forge,
    IssueRequest,
    LocalForge,
    PullRequest,
    PullRequestRequest,
)

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def a_request(branch: str = "swarm/g-abcdef", repository: str = "/r") -> PullRequestRequest:
    return PullRequestRequest(
        repository=repository,
        branch=branch,
        head=CommitHash("1" * 40),
        tree=TreeHash("2" * 40),
        base=CommitHash("3" * 40),
        title="Fix",
        body="why",
        certificate="{}",
        at=5,
    )


def an_issue(key: str = "k", repository: str = "/r") -> IssueRequest:
    return IssueRequest(
        repository=repository, key=key, title="Broken", body="see", author="ann", at=5
    )


@pytest.fixture
def forge(tmp_path: Path) -> LocalForge:
    return LocalForge(tmp_path / "state")


def test_a_pull_request_is_what_was_asked_for(forge: LocalForge) -> None:
    made = run(forge.open_pull_request(a_request()))
    asked = a_request().model_dump(exclude={"at"})
    assert made == PullRequest(number=1, created_at=5, state="open", ended_by="", **asked)


def test_a_branch_has_one_pull_request_however_often_it_is_asked_for(forge: LocalForge) -> None:
    first = run(forge.open_pull_request(a_request()))
    assert run(forge.open_pull_request(a_request())) == first
    assert run(forge.list()) == (first,)


def test_many_at_once_still_open_one(forge: LocalForge) -> None:
    async def storm() -> set[int]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(forge.open_pull_request(a_request())) for _ in range(20)]
        return {task.result().number for task in tasks}

    assert run(storm()) == {1}


def test_the_same_branch_at_another_commit_is_refused(forge: LocalForge) -> None:
    run(forge.open_pull_request(a_request()))
    other = a_request().model_copy(update={"head": CommitHash("9" * 40)})
    with pytest.raises(Rejected, match="another commit"):
        run(forge.open_pull_request(other))


@pytest.mark.parametrize("end", ["close", "merge"])
def test_what_a_person_decided_stays_decided(forge: LocalForge, end: str) -> None:
    run(forge.open_pull_request(a_request()))
    ended = run(forge.close(1, "ann") if end == "close" else forge.mark_merged(1, "tree"))
    assert run(forge.open_pull_request(a_request())) == ended
    assert (ended.state, ended.ended_by) in {("closed", "ann"), ("merged", "tree")}


def test_ending_twice_is_ending_once_and_not_in_another_way(forge: LocalForge) -> None:
    run(forge.open_pull_request(a_request()))
    merged = run(forge.mark_merged(1, "ancestor"))
    assert run(forge.mark_merged(1, "said")) == merged
    with pytest.raises(Rejected, match="is merged already"):
        run(forge.close(1, "ann"))


def test_pull_requests_are_found_by_branch_and_listed_by_repository(forge: LocalForge) -> None:
    one, two, three = (
        run(forge.open_pull_request(a_request(branch, repository)))
        for branch, repository in (("swarm/a", "/r"), ("swarm/b", "/r"), ("swarm/a", "/s"))
    )
    assert run(forge.find("/s", "swarm/a")) == three
    assert run(forge.find("/s", "swarm/b")) is None
    assert run(forge.list("/r")) == (one, two)
    assert run(forge.list()) == (one, two, three)


def test_numbers_are_shared_with_issues_and_kinds_are_not_mixed(forge: LocalForge) -> None:
    issue = run(forge.open_issue(an_issue()))
    pull_request = run(forge.open_pull_request(a_request()))
    assert (issue.number, pull_request.number) == (1, 2)
    for wrong in (forge.get(1), forge.issue(2), forge.close(1, "ann"), forge.get(99)):
        with pytest.raises(Rejected, match="there is no"):
            run(wrong)


def test_an_issue_is_opened_once_for_its_key_and_closed_by_somebody(forge: LocalForge) -> None:
    issue = run(forge.open_issue(an_issue()))
    assert run(forge.open_issue(an_issue())) == run(forge.issue(1)) == issue
    run(forge.open_issue(an_issue("other", "/s")))
    closed = run(forge.close_issue(1, "ann"))
    assert (closed.state, closed.ended_by) == ("closed", "ann")
    assert run(forge.close_issue(1, "bob")) == closed
    assert run(forge.issues("/r")) == (closed,)


def test_another_process_sees_what_was_opened(forge: LocalForge) -> None:
    run(forge.open_pull_request(a_request()))
    code = (
        "import asyncio, sys; from pathlib import Path; from swarm.forge.public_api import *\n"
        "print(asyncio.run(LocalForge(Path(sys.argv[1])).get(1)).branch)"
    )
    said = subprocess.check_output([sys.executable, "-c", code, str(forge.folder)], text=True)
    assert said.strip() == "swarm/g-abcdef"


def test_hostile_text_is_stored_as_it_is(forge: LocalForge) -> None:
    hostile = "'); DROP TABLE items; -- \0 \u202e \U0001f600"
    request = a_request().model_copy(update={"title": hostile, "body": hostile})
    run(forge.open_pull_request(request))
    assert run(forge.get(1)).title == run(forge.get(1)).body == hostile


def test_a_damaged_database_needs_a_human(forge: LocalForge) -> None:
    forge.folder.mkdir()
    (forge.folder / "forge.sqlite").write_bytes(b"not a database" * 500)
    with pytest.raises(NeedsHuman, match="cannot be used"):
        run(forge.list())


def test_a_newer_database_is_left_alone(forge: LocalForge) -> None:
    run(forge.list())
    with sqlite3.connect(forge.folder / "forge.sqlite") as database:
        database.execute("PRAGMA user_version=2")
    database.close()
    with pytest.raises(NeedsHuman, match="newer swarm"):
        run(forge.list())


def test_the_database_is_nobody_elses_to_read(forge: LocalForge) -> None:
    run(forge.list())
    for path in (forge.folder, *forge.folder.iterdir()):
        assert (path.stat().st_mode & 0o077) == 0


def test_no_forge_can_merge() -> None:
    verbs = {name for name in dir(Forge) if not name.startswith("_")}
    assert verbs == {"open_pull_request", "revise", "find", "get", "list", "close", "mark_merged"}
