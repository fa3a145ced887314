"""Detecting how a repository's tests are run."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarm.domain.errors import Lacking, Rejected
from swarm.domain.goals import Environment
from swarm.testing.workbench import write_files
from swarm.tools.commands import read_command, split_settings
from swarm.tools.public_api import detect_environment, readonly_paths

PYTHON = Path(sys.executable)
A_TEST = {"tests/test_a.py": "def test_a(): pass\n"}


def detect(folder: Path, command: str | None = None, python: Path | None = None) -> Environment:
    return asyncio.run(
        detect_environment(
            folder, folder, python=python, test_command=command, own_python=PYTHON
        )
    )  # fmt: skip


def a_venv(folder: Path) -> Path:
    """Without pip, hence without pytest."""
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


def test_pytest_of_our_own_interpreter_is_the_usual(tmp_path: Path) -> None:
    environment = detect(write_files(tmp_path, A_TEST))
    assert environment.runner == "pytest"
    assert environment.command == (str(PYTHON), "-m", "pytest")
    assert environment.runner_version == pytest.__version__


def test_the_repositorys_own_virtual_environment_comes_first(tmp_path: Path) -> None:
    write_files(tmp_path, {"tests/__init__.py": "", "tests/test_a.py": "import unittest\n"})
    own = a_venv(tmp_path / ".venv")
    environment = detect(tmp_path)
    assert environment.python == str(own)
    assert environment.binds == (".venv",)
    assert environment.command == (str(own), "-m", "unittest", "discover")


def test_an_interpreter_that_was_given_wins(tmp_path: Path) -> None:
    a_venv(write_files(tmp_path, A_TEST) / ".venv")
    assert detect(tmp_path, python=PYTHON).runner == "pytest"


def test_tests_written_for_pytest_are_not_given_to_unittest(tmp_path: Path) -> None:
    a_venv(write_files(tmp_path, {"test_a.py": "import pytest\n"}) / ".venv")
    with pytest.raises(Lacking, match="pytest") as caught:
        detect(tmp_path)
    assert "pip install pytest" in caught.value.advice


def test_a_test_that_is_a_link_to_what_never_ends_is_not_read(tmp_path: Path) -> None:
    a_venv(write_files(tmp_path, {"tests/test_a.py": "import unittest\n"}) / ".venv")
    (tmp_path / "tests/test_b.py").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "tests/test_c.py")
    assert detect(tmp_path).runner == "unittest"


def test_a_plain_folder_of_unittests_is_named(tmp_path: Path) -> None:
    a_venv(write_files(tmp_path, {"tests/test_a.py": "import unittest\n"}) / ".venv")
    assert detect(tmp_path).command[3:] == ("discover", "-s", "tests")


def test_a_repository_without_tests_is_rejected_with_advice(tmp_path: Path) -> None:
    write_files(tmp_path, {"main.py": ""})
    a_venv(tmp_path / ".venv")
    with pytest.raises(Rejected) as caught:
        detect(tmp_path)
    assert "--test" in caught.value.advice


def test_a_program_that_is_no_interpreter_is_lacking(tmp_path: Path) -> None:
    with pytest.raises(Lacking):
        detect(write_files(tmp_path, A_TEST), python=Path("/bin/false"))
    with pytest.raises(Lacking):
        detect(tmp_path, python=tmp_path / "nothing-here")


def test_a_virtual_environment_that_came_with_the_repository_is_neither_run_nor_shown(
    tmp_path: Path,
) -> None:
    """Whoever wrote it would choose what runs here, and what of this machine sandboxes see."""
    mark, top = tmp_path / "was-run", tmp_path / "repo"
    planted = {
        ".venv/bin/python": f"#!/bin/sh\ntouch {mark}\n",
        ".venv/pyvenv.cfg": f"home = {Path.home()}/.ssh/x\n",
    }
    write_files(top, {**A_TEST, **planted})
    (top / ".venv/bin/python").chmod(0o755)
    (top / "venv").symlink_to(".venv")
    for words in (("init", "-q"), ("add", "-f", ".")):
        subprocess.run(["git", "-C", top, *words], check=True)
    environment = detect(top)
    assert (environment.python, environment.binds) == (str(PYTHON), ())
    assert not mark.exists()


def test_the_repository_is_never_imported_to_look_at_it(tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    planted = f"open({str(mark)!r}, 'w')\n"
    names = ("sitecustomize.py", "pytest.py", "json.py", "conftest.py", "setup.py")
    write_files(tmp_path, {**A_TEST, **dict.fromkeys(names, planted)})
    assert detect(tmp_path).runner == "pytest"
    assert not mark.exists()


@pytest.mark.parametrize(
    ("text", "runner", "words"),
    [
        ("pytest -q tests", "pytest", ("-q", "tests")),
        ("py.test", "pytest", ()),
        (".venv/bin/pytest -x", "pytest", ("-x",)),
        ("python3.12 -m pytest 'a b'", "pytest", ("a b",)),
        ("uv run pytest -q", "pytest", ("-q",)),
        ("A=1 B=2 pytest", "pytest", ()),
        ("python -m unittest discover -s t", "unittest", ("discover", "-s", "t")),
        ("make test", "command", ("make", "test")),
        ("tox run pytest", "command", ("tox", "run", "pytest")),
    ],
)
def test_commands_are_read_as_people_write_them(
    text: str, runner: str, words: tuple[str, ...]
) -> None:
    command = read_command(text)
    assert (command.runner, command.words) == (runner, words)


@pytest.mark.parametrize("text", ["make test && true", "pytest 'open", "", "A=1", "a | b"])
def test_what_only_a_shell_could_run_is_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        read_command(text)


def test_settings_come_off_the_front_of_a_command_only() -> None:
    assert split_settings(("A=1", "B=", "x", "C=3")) == ({"A": "1", "B": ""}, ("x", "C=3"))


def test_readonly_paths_name_the_interpreters_library(tmp_path: Path) -> None:
    environment = detect(write_files(tmp_path, A_TEST))
    paths = asyncio.run(readonly_paths(environment))
    assert Path(sys.prefix) in paths or Path(sys.prefix).is_relative_to("/usr")
    assert not any(path.is_relative_to("/usr") for path in paths)


def test_what_a_built_environment_says_of_itself_shows_nothing_of_the_host(tmp_path: Path) -> None:
    python = a_venv(tmp_path / "venv")
    (tmp_path / "venv/pyvenv.cfg").write_text("home = /root/.ssh/x\n")
    known = Environment(
        mount_point=str(tmp_path / "repository"),
        python=str(python),
        python_version="3.11.7",
        runner="unittest",
        runner_version="",
        command=(),
        shown=(str(tmp_path / "venv"),),
    )
    assert asyncio.run(readonly_paths(known)) == (tmp_path / "venv",)
