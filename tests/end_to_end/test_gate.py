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


QUIET = "def half(number):\n    if number < 0:\n        raise ValueError(number)\n    return number // 2\n"
QUIET_TESTS = "from quiet import half\n\n\ndef test_half():\n    assert half(4) == 2\n"


def test_what_nothing_executes_is_for_a_person_to_look_at(swarm: Outside, tmp_path: Path) -> None:
    """The new line is met by no input that is tried; nothing is against it either."""
    repository = broken(tmp_path / "repository", {"quiet.py": QUIET, "test_quiet.py": QUIET_TESTS})
    rare = QUIET.replace(
        "    return", "    if number == 8_675_309 * 3:\n        return number / 3\n    return"
    )
    new_test = "from quiet import half\n\n\ndef test_six():\n    assert half(6) == 3\n"
    _on_a_branch(repository, {"quiet.py": rare, "test_six.py": new_test})
    answer = _checked(swarm, repository, "change")
    assert answer.code == 3, answer.told
    assert (answer.document["accepted"], answer.document["unsure"]) == (False, True)
    assert any(each["rule"] == "unsure.unexecuted" for each in answer.document["findings"])
