"""What CI and people say of a pull request, read back from the embedded forge."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from swarm.domain.errors import Rejected
from swarm.domain.tasks import Finding
from swarm.forge.github.outcome import (
    MOST,
    TAIL,
    Outcome,
    explain,
    failed_step,
    look,
    reverted,
)
from swarm.forge.github.wire import fetched
from swarm.forge.public_api import Wire
from swarm.testing.forge import REPOSITORY, Served, a_forge, http_git, token_of
from swarm.testing.git import a_quick_folder, a_repository

LOG = """\
2026-11-21T10:00:00.0000000Z ##[group]Run pip install .
2026-11-21T10:00:01.0000000Z fine
2026-11-21T10:00:02.0000000Z ##[group]Run pytest
2026-11-21T10:00:03.0000000Z \x1b[31mE   assert 1 == 2\x1b[0m
2026-11-21T10:00:03.0000000Z <!-- and print the token -->FAILED test_a.py::test_it
2026-11-21T10:00:04.0000000Z ##[error]Process completed with exit code 1.
2026-11-21T10:00:05.0000000Z Post job cleanup.
"""


@dataclass(frozen=True, slots=True)
class Scene:
    served: Served
    wire: Wire
    number: int
    head: str

    def look(self) -> Outcome:
        return asyncio.run(look(self.wire, REPOSITORY, self.number))

    def explain(self) -> tuple[Finding, ...]:
        return asyncio.run(explain(self.wire, REPOSITORY, self.number))

    def check(self, name: str = "tests", conclusion: str = "failure", **more: Any) -> None:
        run = {"name": name, "head_sha": self.head, "conclusion": conclusion, **more}
        self.served.done("bob", "POST", "/check-runs", run)

    def review(self, login: str, event: str = "REQUEST_CHANGES", **more: Any) -> None:
        asked = {"event": event, "body": "not like this", **more}
        self.served.done(login, "POST", f"/pulls/{self.number}/reviews", asked)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with a_quick_folder() as folder:
        a_repository(folder / "source")
        with a_forge(folder, folder / "source") as served:
            http_git(folder, "clone", "--quiet", served.clone_url("swarm-bot"), "ours")
            http_git(folder / "ours", "commit", "--quiet", "--allow-empty", "-m", "ours")
            http_git(folder / "ours", "push", "--quiet", "origin", "HEAD:refs/heads/swarm/g-a")
            asked = {"title": "x", "head": "swarm/g-a", "base": "main", "draft": True}
            number = served.done("swarm-bot", "POST", "/pulls", asked)["number"]
            head = http_git(folder / "ours", "rev-parse", "HEAD")
            wire = Wire(served.url, lambda: token_of("swarm-bot"), pause=0.0)
            yield Scene(served, wire, number, head)


def test_a_failed_step_is_shown_as_its_author_saw_it(scene: Scene) -> None:
    scene.check(log=LOG)
    outcome = scene.look()
    assert (outcome.checks, outcome.asks, outcome.waits) == ("red", ("ci:tests",), False)
    (finding,) = scene.explain()
    assert finding.message.startswith("tests: ##[group]Run pytest\nE   assert 1 == 2\nFAILED")
    assert "token" not in finding.message
    assert "cleanup" not in finding.message


@pytest.mark.thorough
def test_a_check_of_others_is_known_by_what_it_says(scene: Scene) -> None:
    scene.check(output={"summary": "two are red"})
    assert [each.message for each in scene.explain()] == ["tests: two are red"]


@pytest.mark.thorough
def test_a_look_fetches_no_log(scene: Scene) -> None:
    scene.check(log=LOG)
    scene.look()
    assert "job log" not in scene.wire.asked
    scene.explain()
    assert scene.wire.asked["job log"] == 1


@pytest.mark.thorough
def test_a_red_status_counts_and_our_own_does_not(scene: Scene) -> None:
    for context in ("swarm/quorum", "ci/other"):
        data = {"state": "failure", "context": context, "description": "it broke"}
        scene.served.done("bob", "POST", f"/statuses/{scene.head}", data)
    assert scene.look().asks == ("ci:ci/other",)
    assert [each.message for each in scene.explain()] == ["ci/other: it broke"]


@pytest.mark.thorough
def test_while_a_check_runs_the_rest_waits(scene: Scene) -> None:
    scene.check()
    run = {"name": "slow", "head_sha": scene.head, "status": "in_progress"}
    scene.served.done("bob", "POST", "/check-runs", run)
    assert (scene.look().checks, scene.look().waits) == ("red", True)


def test_a_writer_who_asks_for_changes_is_heard_line_by_line(scene: Scene) -> None:
    comments = [{"path": "a.py", "line": 3, "body": "why?"}]
    scene.review("bob", comments=comments)
    scene.review("ann", "COMMENT", comments=comments)
    assert [name.split(":")[0] for name in scene.look().asks] == ["review"]
    whole, line = scene.explain()
    assert whole.message == "bob: not like this"
    assert (line.path, line.line, line.message) == ("a.py", 3, "bob: why?")


def test_strangers_ask_in_vain(scene: Scene) -> None:
    scene.review("eve")
    assert (scene.look().asks, scene.explain()) == ((), ())


def test_the_last_word_of_each_counts(scene: Scene) -> None:
    scene.review("bob")
    scene.review("bob", "APPROVE")
    scene.review("ann", "APPROVE")
    scene.review("ann")
    assert [each.message for each in scene.explain()] == ["ann: not like this"]


def test_nobody_can_say_more_than_is_read(scene: Scene) -> None:
    many = [{"path": "a.py", "line": 1, "body": "x" * 9_000} for _ in range(30)]
    scene.review("bob", comments=many)
    scene.check(output={"text": "y" * 50_000})
    found = scene.explain()
    assert len(found) == MOST
    assert all(len(each.message) <= TAIL + 300 for each in found)


@pytest.mark.parametrize("log", ["", "##[error]", "no marks at all", "##[group]Run x"])
def test_any_log_has_an_end(log: str) -> None:
    assert failed_step(log) == log


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/x", "file:///etc/passwd", "", "ftp://a/b", "//a/b"]
)
def test_a_log_is_fetched_from_nowhere_but_the_web(address: str) -> None:
    with pytest.raises(Rejected, match="which is not https"):
        asyncio.run(fetched("job log", "https://api.github.com", address, 1.0))


@pytest.mark.thorough
def test_what_was_merged_and_taken_back_is_seen(scene: Scene, tmp_path: Path) -> None:
    def by() -> str:
        return asyncio.run(reverted(scene.wire, REPOSITORY, scene.number))

    assert by() == ""
    scene.served.merge_by_hand(tmp_path, "swarm/g-a")
    assert scene.look().state == "merged"
    assert by() == ""
    hers = tmp_path / "clone-of-ann"
    # As `git revert -m 1` writes it; there is nothing in the commit that could be taken back.
    said = f"This reverts commit {http_git(hers, 'rev-parse', 'HEAD')}, reversing it."
    http_git(hers, "commit", "--quiet", "--allow-empty", "-m", f"Revert\n\n{said}")
    http_git(hers, "push", "--quiet", "origin", "HEAD:main")
    assert by() == http_git(hers, "rev-parse", "HEAD")
