"""Changes of which it is known whether they are right."""

import subprocess
import sys
from pathlib import Path

import pytest

from swarm.demo.public_api import BAD, GOOD, Canary, write_project


@pytest.mark.parametrize("canary", [*BAD, *GOOD], ids=lambda each: each.name)
def test_every_canary_fits_the_project_with_its_mistake(canary: Canary) -> None:
    assert canary.patch().startswith(f"diff --git a/{canary.path}")
    assert len(canary.bugs) == bool(canary.bug)


def test_a_canary_that_does_not_fit_says_so() -> None:
    with pytest.raises(ValueError, match="does not occur just once"):
        Canary("none", True, "timebook/parsing.py", "no such text", "").patch()


@pytest.mark.thorough
@pytest.mark.parametrize("canary", [*BAD, *GOOD], ids=lambda each: each.name)
def test_git_applies_it_and_a_gate_of_tests_alone_lets_it_pass(
    canary: Canary, tmp_path: Path
) -> None:
    folder, patch = tmp_path / "timebook", tmp_path / "canary.patch"
    write_project(folder, canary.bugs)
    patch.write_text(canary.patch(), encoding="utf-8")
    subprocess.run(["git", "apply", str(patch)], cwd=folder, check=True)
    argv = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode()[-500:]
