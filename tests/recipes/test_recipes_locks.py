"""What locks amount to, read by ourselves."""

import json
from pathlib import Path

import pytest

from swarm.recipes.indexes import Indexes
from swarm.recipes.locks import constraints, listed
from swarm.recipes.plan import Tools, plan
from swarm.recipes.public_api import detect_recipe
from swarm.recipes.reading import Files
from swarm.testing.workbench import write_files

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
PIPENV = json.dumps(
    {
        "default": {"leaf": {"version": "==2", "hashes": [A, B], "markers": "os_name != 'nt'"}},
        "develop": {"twig": {"version": "==1", "hashes": [B]}},
    }
)
PYLOCK = (
    'lock-version = "1.0"\n[[packages]]\nname = "leaf"\nversion = "2"\nmarker = "os_name != \'nt\'"\n'
    f'wheels = [{{url = "x", hashes = {{sha256 = "{"a" * 64}"}}}}]\n'
    f'sdist = {{url = "y", hashes = {{sha256 = "{"b" * 64}"}}}}\n'
)
POETRY = f'[[package]]\nname = "Leaf_One"\nversion = "2"\nfiles = [{{file = "f", hash = "{A}"}}]\n'


def test_a_lock_of_pipenv_is_a_list_with_hashes(tmp_path: Path) -> None:
    files = Files(write_files(tmp_path, {"Pipfile.lock": PIPENV}))
    assert listed(files, "Pipfile.lock").splitlines() == [
        f"leaf==2 ; os_name != 'nt' --hash={A} --hash={B}",
        f"twig==1 --hash={B}",
    ]


def test_a_pylock_is_a_list_with_the_hashes_of_all_its_files(tmp_path: Path) -> None:
    files = Files(write_files(tmp_path, {"pylock.toml": PYLOCK}))
    assert listed(files, "pylock.toml") == f"leaf==2 ; os_name != 'nt' --hash={A} --hash={B}"


def test_what_a_group_chooses_is_taken_and_the_project_itself_is_not(tmp_path: Path) -> None:
    more = (
        '[[packages]]\nname = "me"\nversion = "1"\ndirectory = {path = "."}\n'
        '[[packages]]\nname = "twig"\nversion = "1"\nmarker = "\'dev\' in dependency_groups"\n'
    )
    files = Files(write_files(tmp_path, {"pylock.toml": PYLOCK + more}))
    assert listed(files, "pylock.toml") == "leaf==2 ; os_name != 'nt'\ntwig==1"


@pytest.mark.parametrize("lock", ["poetry.lock", "pdm.lock"])
def test_a_lock_of_all_that_may_be_is_constraints(tmp_path: Path, lock: str) -> None:
    files = Files(write_files(tmp_path, {lock: POETRY}))
    assert constraints(files, lock, hashes=True) == f"leaf-one==2 --hash={A}"
    assert constraints(files, lock, hashes=False) == "leaf-one==2"


def test_two_versions_of_one_package_constrain_nothing(tmp_path: Path) -> None:
    files = Files(write_files(tmp_path, {"poetry.lock": POETRY + POETRY.replace('"2"', '"3"')}))
    assert constraints(files, "poetry.lock", hashes=True) == ""


@pytest.mark.parametrize(
    "text", ["", "[[[", '{"default": 1}', '{"default": {"a": {"version": 1}}}']
)
def test_what_is_no_lock_lists_nothing(tmp_path: Path, text: str) -> None:
    files = Files(write_files(tmp_path, {"Pipfile.lock": text, "pylock.toml": text}))
    assert listed(files, "Pipfile.lock") + listed(files, "pylock.toml") == ""


@pytest.mark.parametrize(
    ("name", "version"),
    [("a", "==1\n--find-links=https://elsewhere"), ("--find-links=x", "==1"), ("a\nb", "==1")],
)
def test_what_a_lock_says_is_no_option(tmp_path: Path, name: str, version: str) -> None:
    text = json.dumps({"default": {name: {"version": version}}})
    files = Files(write_files(tmp_path, {"Pipfile.lock": text}))
    assert listed(files, "Pipfile.lock") == ""


def test_requirements_with_hashes_are_installed_by_themselves(tmp_path: Path) -> None:
    files = {"requirements.txt": f"leaf==2 --hash={A}\n", "test_a.py": "import pytest\n"}
    base = write_files(tmp_path, files)
    tools = Tools(Path("/python"), None)
    steps = plan(detect_recipe(base), Files(base), tmp_path, tools, Indexes())
    told = [step.argv[-2:] for step in steps if step.what.startswith("install")]
    assert told == [("-r", "requirements.txt"), ("--no-compile", "pytest")]


def test_dependencies_of_a_poetry_project_that_is_no_package_are_asked_for(tmp_path: Path) -> None:
    text = '[tool.poetry]\npackage-mode = false\n[tool.poetry.dependencies]\npython = "^3.9"\nleaf = "^2.0"\n'
    recipe = detect_recipe(write_files(tmp_path, {"pyproject.toml": text}))
    assert (recipe.packages, recipe.install) == (("leaf>=2.0,<3",), "no")
