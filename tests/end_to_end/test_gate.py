"""`swarm check`: the testers and reviewers as a gate for anybody's change."""

from pathlib import Path

import pytest

from swarm.testing.git import a_commit, git
from swarm.testing.outside import Answer, Outside
from tests.end_to_end.projects import BROKEN, GREEN, broken

pytestmark = pytest.mark.thorough


def _on_a_branch(repository: Path, files: dict[str, str]) -> None:
    git(repository, "switch", "--quiet", "--create", "change")
    a_commit(repository, files)
    git(repository, "switch", "--quiet", "main")


def _checked(swarm: Outside, repository: Path, change: str) -> Answer:
    return swarm.call("check", change, "--repo", str(repository), "--json")


def test_a_repair_is_accepted_without_saying_which_tests_it_is_for(
    swarm: Outside, tmp_path: Path
) -> None:
    repository = broken(tmp_path / "repository")
    _on_a_branch(repository, {"calc.py": str(GREEN["calc.py"])})
    answer = _checked(swarm, repository, "change")
    assert answer.code == 0, answer.told
    assert answer.document["accepted"] is True


def test_a_patch_file_is_checked_as_a_branch_is(swarm: Outside, tmp_path: Path) -> None:
    repository, patch = broken(tmp_path / "repository"), tmp_path / "a.patch"
    _on_a_branch(repository, {"calc.py": str(GREEN["calc.py"])})
    git(repository, "diff", f"--output={patch}", "main", "change")
    assert _checked(swarm, repository, str(patch)).code == 0


def test_whoever_weakens_the_test_is_refused(swarm: Outside, tmp_path: Path) -> None:
    repository = broken(tmp_path / "repository")
    tests = next(name for name in BROKEN if name.startswith("test"))
    _on_a_branch(repository, {tests: str(BROKEN[tests]).replace("assert ", "assert True or ")})
    answer = _checked(swarm, repository, "change")
    assert answer.code == 1
    assert any(each["rule"] == "tampering.test-changed" for each in answer.document["findings"])
