"""What a team meets on its first day: a token that may too little, a repository that is not like others."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from swarm.domain.errors import NeedsHuman
from swarm.forge.github.calls import CALLS
from swarm.forge.public_api import (
    ApprovedIssue,
    Safeguard,
    Wire,
    approved_issue,
    safeguards,
)
from swarm.testing.forge import REPOSITORY, Served, a_forge, token_of
from swarm.testing.forge_faults import Fault, Faults, Harm
from swarm.testing.git import a_quick_folder, a_repository

REPO = f"/repos/{REPOSITORY}"


@dataclass(frozen=True, slots=True)
class Scene:
    folder: Path
    served: Served
    faults: Faults
    wire: Wire

    def harm(self, method: str, path: str, harm: Harm) -> None:
        self.faults.rules.append(Fault(method, f"{REPO}{path}", harm, times=9))

    def rows(self) -> dict[str, Safeguard]:
        return {row.what: row for row in asyncio.run(safeguards(self.wire, REPOSITORY))}

    def taken(self, title: str, body: str) -> ApprovedIssue:
        number = self.served.open_issue(title=title, body=body)
        self.served.done("ann", "POST", f"/issues/{number}/comments", {"body": "/approve"})
        return asyncio.run(approved_issue(self.wire, REPOSITORY, number))


@pytest.fixture
def scene() -> Iterator[Scene]:
    faults = Faults()
    with a_quick_folder() as folder:
        a_repository(folder / "source")
        with a_forge(folder, folder / "source", faults.around) as served:
            yield Scene(
                folder, served, faults, Wire(served.url, lambda: token_of("swarm-bot"), pause=0.0)
            )


def test_a_missing_permission_is_named_with_the_place_where_it_is_given(scene: Scene) -> None:
    scene.harm("POST", "/issues/1/comments", "403 permission")
    scene.harm("POST", "/pulls", "403 plan")
    for name, lacks in (
        ("comment", "issues: write; pull requests: write"),
        ("open pull", "Pull requests: read and write"),
    ):
        with pytest.raises(NeedsHuman) as refusal:
            asyncio.run(scene.wire.ask(name, {"repository": REPOSITORY, "number": 1}, data={}))  # type: ignore[arg-type]
        assert f"lacks {lacks}" in refusal.value.advice
        assert "Repository permissions" in refusal.value.advice


def test_every_call_to_a_repository_says_which_permission_it_takes() -> None:
    without = {name for name, way in CALLS.items() if not way.needs}
    assert without == {"installation", "grant", "me", "user"}


@pytest.mark.parametrize(
    ("path", "harm", "row"),
    [
        ("/commits/main/check-runs", "403 permission", "reading checks"),
        ("/commits/main/status", "403 permission", "reading status"),
        ("/issues", "410 off", "reading issues"),
    ],
)
def test_what_cannot_be_read_is_known_on_the_first_day(
    scene: Scene, path: str, harm: Harm, row: str
) -> None:
    assert scene.rows()["reading"].ok
    scene.harm("GET", path, harm)
    assert not scene.rows()[row].ok
    assert scene.rows()[row].remedy


def test_a_private_repository_without_rules_is_told_of_and_breaks_nothing(scene: Scene) -> None:
    there = scene.served.world.repository(REPOSITORY)
    assert there is not None
    scene.served.world.repositories.put(there.model_copy(update={"private": True}))
    scene.harm("GET", "/rules/branches/main", "403 plan")
    row = scene.rows()["branch main"]
    assert not row.ok
    assert "/settings/rules" in row.remedy
    assert "paid plan" in row.remedy


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("合計が間違っています", "空のリストで例外が発生します。"),
        ("الإجمالي خاطئ", "يفشل الاختبار عند قائمة فارغة."),
        ("Сумма неверна", "Тест падает: ёж, naïve, Größe, ∑ ≠ 0"),
    ],
)
def test_an_issue_in_any_language_comes_as_it_was_written(
    scene: Scene, title: str, body: str
) -> None:
    found = scene.taken(title, body)
    assert (found.text, found.hidden) == (f"{title}\n\n{body}", ())


def test_the_longest_issue_that_github_takes_is_taken(scene: Scene) -> None:
    body = "line after line\n" * 4_095
    assert len(scene.taken("Long", body).text) == len(f"Long\n\n{body}".strip())
