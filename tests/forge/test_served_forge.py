import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from swarm.forge.public_api import ROUTES, Protection
from swarm.testing.forge import REPOSITORY, Served, a_forge, http_git, token_of
from swarm.testing.git import a_quick_folder, a_repository


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with a_quick_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def forge(home: Path) -> Iterator[Served]:
    a_repository(home / "source", {"README": "hello\n", "src/a.py": "a = 1\n"})
    with a_forge(home, home / "source") as served:
        yield served


def pushed(forge: Served, home: Path, branch: str, login: str = "bob") -> str:
    """A branch with one commit more, pushed over HTTP; its commit."""
    clone = home / f"work-{branch.replace('/', '-')}"
    http_git(home, "clone", "--quiet", forge.clone_url(login), str(clone))
    (clone / "new.txt").write_text(f"{branch}\n")
    http_git(clone, "add", "--all")
    http_git(clone, "commit", "--quiet", "-m", branch)
    http_git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return http_git(clone, "rev-parse", "HEAD")


def opened(forge: Served, branch: str, **others: Any) -> dict[str, Any]:
    data = {"title": branch, "head": branch, "base": "main", **others}
    answer: dict[str, Any] = forge.done("bob", "POST", "/pulls", data)
    return answer


def test_a_push_over_http_is_what_a_pull_request_shows(forge: Served, home: Path) -> None:
    commit = pushed(forge, home, "one")
    made = opened(forge, "one", draft=True)
    shown = forge.done("eve", "GET", f"/pulls/{made['number']}")
    assert (shown["head"]["sha"], shown["draft"], shown["changed_files"]) == (commit, True, 1)


def test_a_branch_has_one_open_pull_request(forge: Served, home: Path) -> None:
    pushed(forge, home, "twice")
    opened(forge, "twice")
    data = {"title": "again", "head": "twice", "base": "main"}
    status, answer = forge.ask("bob", "POST", f"/repos/{REPOSITORY}/pulls", data)
    assert (status, answer["errors"][0]["message"]) == (
        422, "A pull request already exists for ann:twice.",
    )  # fmt: skip


@pytest.mark.parametrize(("head", "base"), [("nowhere", "main"), ("main", "main"), ("main", "no")])
def test_a_pull_request_needs_a_branch_with_something_new(
    forge: Served, head: str, base: str
) -> None:
    data = {"title": "x", "head": head, "base": base}
    assert forge.ask("bob", "POST", f"/repos/{REPOSITORY}/pulls", data)[0] == 422


def test_merging_is_pushing_and_closes_what_it_fixes(forge: Served, home: Path) -> None:
    issue = forge.open_issue()
    pushed(forge, home, "three")
    made = opened(forge, "three", body=f"Closes #{issue}")
    forge.merge_by_hand(home, "three")
    shown = forge.done("eve", "GET", f"/pulls/{made['number']}")
    assert (shown["state"], shown["merged"]) == ("closed", True)
    assert forge.done("eve", "GET", f"/issues/{issue}")["state"] == "closed"


def test_nothing_here_merges() -> None:
    assert [(method, path) for method, path, _, _ in ROUTES if "merge" in path] == []


def test_a_deleted_branch_closes_its_pull_request(forge: Served, home: Path) -> None:
    pushed(forge, home, "four")
    made = opened(forge, "four")
    http_git(home / "work-four", "push", "--quiet", "origin", ":refs/heads/four")
    shown = forge.done("eve", "GET", f"/pulls/{made['number']}")
    assert (shown["state"], shown["merged"]) == ("closed", False)


def test_nobody_approves_their_own_work(forge: Served, home: Path) -> None:
    pushed(forge, home, "five")
    number = opened(forge, "five")["number"]
    path = f"/repos/{REPOSITORY}/pulls/{number}/reviews"
    assert forge.ask("bob", "POST", path, {"event": "APPROVE"})[0] == 422
    forge.done("ann", "POST", f"/pulls/{number}/reviews", {"event": "APPROVE"})
    (review,) = forge.done("eve", "GET", f"/pulls/{number}/reviews")
    assert (review["state"], review["user"]["login"]) == ("APPROVED", "ann")


@pytest.mark.parametrize(
    ("login", "status"), [("", 401), ("eve", 403), ("bob", 200), ("swarm-bot", 200)]
)
def test_labels_are_for_those_who_may_triage(forge: Served, login: str, status: int) -> None:
    path = f"/repos/{REPOSITORY}/issues/{forge.open_issue()}/labels"
    assert forge.ask(login, "POST", path, {"labels": ["approved"]})[0] == status


def test_who_set_a_label_is_remembered(forge: Served) -> None:
    number = forge.open_issue()
    forge.done("ann", "POST", f"/issues/{number}/labels", {"labels": ["approved"]})
    (event,) = forge.done("eve", "GET", f"/issues/{number}/events")
    assert (event["event"], event["actor"]["login"], event["label"]["name"]) == (
        "labeled", "ann", "approved",
    )  # fmt: skip


def test_strangers_change_no_text_of_others(forge: Served) -> None:
    number = forge.open_issue("ann")
    path = f"/repos/{REPOSITORY}/issues/{number}"
    assert forge.ask("eve", "PATCH", path, {"body": "other"})[0] == 403
    assert forge.ask("ann", "PATCH", path, {"body": "other"})[0] == 200


@pytest.mark.parametrize(("login", "says"), [("eve", "denied"), ("", "could not read Username")])
def test_pushing_is_for_those_who_may_write(
    forge: Served, home: Path, login: str, says: str
) -> None:
    clone = home / f"reader-{login}"
    http_git(home, "clone", "--quiet", forge.clone_url("eve"), str(clone))
    url = forge.clone_url(login) if login else f"{forge.url}/{REPOSITORY}.git"
    said = http_git(clone, "push", url, "HEAD:refs/heads/theirs", check=False)
    assert says in said or "403" in said


def test_a_protected_branch_refuses_pushes(forge: Served, home: Path) -> None:
    pushed(forge, home, "six")
    forge.world.protect(REPOSITORY, Protection(admins=True))
    try:
        said = http_git(home / "work-six", "push", "origin", "HEAD:main", check=False)
    finally:
        forge.world.protect(REPOSITORY, None)
    assert "GH006" in said


def test_a_protected_branch_says_how(forge: Served) -> None:
    path = f"/repos/{REPOSITORY}/branches/main/protection"
    assert forge.ask("ann", "GET", path)[0] == 404
    forge.world.protect(REPOSITORY, Protection(reviews=2))
    status, answer = forge.ask("ann", "GET", path)
    forge.world.protect(REPOSITORY, None)
    assert status == 200
    assert answer["required_pull_request_reviews"]["required_approving_review_count"] == 2
    assert forge.ask("bob", "GET", path)[0] == 404


def test_what_has_not_changed_costs_nothing(forge: Served) -> None:
    def get(tag: str) -> Any:
        request = urllib.request.Request(f"{forge.url}/repos/{REPOSITORY}/labels")
        request.add_header("Authorization", f"Bearer {token_of('eve')}")
        request.add_header("If-None-Match", tag)
        try:
            return urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            return error

    first = get("")
    again = get(first.headers["etag"])
    assert (first.status, again.status) == (200, 304)
    assert again.headers["x-ratelimit-remaining"] == first.headers["x-ratelimit-remaining"]
    first.close()
    again.close()


def test_long_lists_come_in_pages(forge: Served) -> None:
    for _ in range(3):
        forge.open_issue()
    request = urllib.request.Request(f"{forge.url}/repos/{REPOSITORY}/issues?per_page=2&state=all")
    with urllib.request.urlopen(request) as answer:
        assert len(json.loads(answer.read())) == 2
        assert 'rel="next"' in answer.headers["link"]


def test_checks_and_statuses_of_a_commit_are_read_back(forge: Served, home: Path) -> None:
    sha = pushed(forge, home, "seven")
    forge.done("bob", "POST", f"/statuses/{sha}", {"state": "success", "context": "swarm"})
    run = {"name": "ci", "head_sha": sha, "status": "completed", "conclusion": "failure"}
    forge.done("bob", "POST", "/check-runs", run)
    assert forge.done("eve", "GET", f"/commits/{sha}/status")["state"] == "success"
    (check,) = forge.done("eve", "GET", f"/commits/{sha}/check-runs")["check_runs"]
    assert check["conclusion"] == "failure"


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 100_000, b'{"title": 5}', b'{"title": ""}', b"null", b'"\\ud800"']
)
def test_bad_input_is_the_callers_fault(forge: Served, body: bytes) -> None:
    request = urllib.request.Request(
        f"{forge.url}/repos/{REPOSITORY}/issues", data=body, method="POST"
    )
    request.add_header("Authorization", f"Bearer {token_of('eve')}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    with refused.value as error:
        assert 400 <= error.code < 500


def test_a_wrong_token_is_nobodys(forge: Served) -> None:
    request = urllib.request.Request(f"{forge.url}/user", headers={"Authorization": "Bearer no"})
    with pytest.raises(urllib.error.HTTPError, match="401") as refused:
        urllib.request.urlopen(request)
    refused.value.close()


def test_it_comes_back_with_everything(tmp_path: Path) -> None:
    a_repository(tmp_path / "source")
    with a_forge(tmp_path, tmp_path / "source") as first:
        number = first.open_issue(title="Kept")
    with a_forge(tmp_path) as again:
        assert again.done("eve", "GET", f"/issues/{number}")["title"] == "Kept"
        assert again.open_issue() == number + 1
