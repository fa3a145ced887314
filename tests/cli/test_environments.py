"""`swarm env`: what a repository needs, shown for review, and built where there is no network."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from swarm.actors.public_api import GoalRequest, Make, Unbuilt, prepare_goal
from swarm.cli.ending import next_steps
from swarm.cli.page import runs_with
from swarm.domain.errors import Lacking
from swarm.domain.goals import Carried, Environment
from swarm.domain.names import Digest, GoalId
from swarm.settings.public_api import Settings
from swarm.testing.events import a_blocked_goal
from swarm.testing.git import a_repository, git
from tests.cli.cli_examples import state_of, swarm

PROJECT = {
    "requirements.txt": "psycopg\n",
    ".python-version": "3.11\n",
    "tests/test_a.py": "import pytest\ndef test_a(): pass\n",
    ".gitignore": "*.mo\n.env\n",
    ".env": "",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "repository"
    a_repository(path, {name: text for name, text in PROJECT.items() if name != ".env"})
    for name in (".env", "de.mo"):
        (path / name).touch()
    return path


def test_what_is_needed_is_shown_with_the_line_that_says_so(
    repository: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    called = swarm(home, "env", "show", "--repo", str(repository))
    assert called.code == 0
    for said in ("requirements.txt:1: psycopg", "==3.11.*", "tests/test_a.py:1", "goes along",
                 "it may hold a secret", "no: swarm env build"):  # fmt: skip
        assert said in called.out
    assert not home.exists()


def test_it_is_shown_as_json_and_as_a_section(repository: Path, tmp_path: Path) -> None:
    argv = ("env", "show", "--repo", str(repository))
    document = swarm(tmp_path / "home", *argv, "--json").document
    assert document["recipe"]["services"] == ["postgres"]
    assert [each["path"] for each in document["carried"]] == ["de.mo"]
    section = swarm(tmp_path / "home", *argv, "--toml").out
    assert section.startswith("[environment]\n")
    assert 'services = ["postgres"]' in section


def test_a_section_with_an_unknown_key_is_refused_with_those_known(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "swarm.toml").write_text("[environment]\nnothing = 1\n")
    git(repository, "add", "swarm.toml")
    git(repository, "commit", "-qm", "Say something")
    called = swarm(tmp_path / "home", "env", "show", "--repo", str(repository))
    assert called.code == 2
    assert "interpreter, lock, install" in called.err


SOURCES = {
    "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "pack"\n',
    "src/pack/__init__.py": "",
}


def environment_of(repository: Path, home: Path, make: Make | None = None) -> Environment:
    request = GoalRequest("fix it", repository)
    settings = Settings(home=home)
    goal = prepare_goal(request, settings, new_id=lambda: GoalId("g-000001"), make=make)
    return goal.environment


@pytest.mark.thorough
def test_a_goal_uses_what_was_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    test = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n"
    project = {"swarm.toml": '[environment]\nsteps = ["true"]\n', "tests/test_a.py": test}
    a_repository(tmp_path / "repository", project)
    home = tmp_path / "home"
    assert environment_of(tmp_path / "repository", home).python == sys.executable
    called = swarm(home, "env", "build", "--repo", str(tmp_path / "repository"))
    assert (called.code, "Built: " in called.out) == (0, True), called.err
    environment = environment_of(tmp_path / "repository", home)
    assert environment.python.startswith(str(home / "environments"))
    assert environment.origin.startswith("built from the recipe")
    assert environment.command[1:] == ("-m", "unittest", "discover", "-s", "tests")


@pytest.mark.thorough
def test_a_virtual_environment_that_does_not_work_gives_way_to_what_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    repository, home = tmp_path / "repository", tmp_path / "home"
    test = "import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n"
    files = {"swarm.toml": '[environment]\nsteps = ["true"]\n', "test_a.py": test}
    a_repository(repository, files)
    (repository / ".venv/bin").mkdir(parents=True)
    (repository / ".venv/bin/python").symlink_to("/bin/false")
    with pytest.raises(Lacking):
        environment_of(repository, home)
    assert swarm(home, "env", "build", "--repo", str(repository)).code == 0
    assert environment_of(repository, home).origin.startswith("built from the recipe")


LACKS_LEAF = {
    "requirements.txt": "a-leaf-that-nobody-has\n",
    "tests/test_a.py": "def test_a(): pass\n",
}


def test_a_run_says_what_its_tests_need_before_it_begins(tmp_path: Path) -> None:
    a_repository(tmp_path / "repository", LACKS_LEAF)
    argv = ("run", "--fix-failing", "--runtime", "inline", "--repo", str(tmp_path / "repository"))
    called = swarm(tmp_path / "home", *argv)
    assert called.code == 5
    for said in ("a-leaf-that-nobody-has", "(requirements.txt)", "swarm env build", "--build"):
        assert said in called.err
    assert not (tmp_path / "home/journal").exists()


@pytest.mark.thorough
def test_a_run_that_is_told_to_builds_and_says_why_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("SWARM_BUILD", "auto")
    a_repository(tmp_path / "repository", LACKS_LEAF)
    argv = ("run", "--fix-failing", "--estimate", "--repo", str(tmp_path / "repository"))
    called = swarm(tmp_path / "home", *argv)
    assert called.code == 5
    assert "make a virtual environment" in called.out
    assert "cannot be built" in called.err


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        (LACKS_LEAF, ("a-leaf-that-nobody-has",)),
        ({**SOURCES, "tests/test_a.py": ""}, ("the project itself",)),
        ({**SOURCES, "tests/conftest.py": "import sys\nsys.path.insert(0, 'src')\n"}, None),
        ({"requirements.txt": "pytest\n", "tests/test_a.py": ""}, None),
        ({**LACKS_LEAF, "swarm.toml": "[environment]\nrequirements = []\n"}, None),
    ],
)
def test_what_is_missing_is_told_where_something_is(
    tmp_path: Path, files: dict[str, str], missing: tuple[str, ...] | None
) -> None:
    a_repository(tmp_path / "repository", {"tests/test_b.py": "", **files})
    asked: list[tuple[str, ...]] = []
    environment_of(
        tmp_path / "repository", tmp_path / "home", lambda unbuilt: asked.append(unbuilt.missing)
    )
    assert asked == ([] if missing is None else [missing])


def test_a_goal_whose_tests_lack_a_module_ends_with_how_to_get_it() -> None:
    why = "tests/test_a.py cannot be imported: ModuleNotFoundError: No module named 'leaf'"
    state = replace(state_of(a_blocked_goal()), reason=why)
    assert any(command.startswith("swarm env build") for command, _ in next_steps(state))


def test_who_names_an_interpreter_is_asked_nothing(tmp_path: Path) -> None:
    a_repository(tmp_path / "repository", LACKS_LEAF)
    asked: list[Unbuilt] = []
    request = GoalRequest("fix it", tmp_path / "repository", python=Path(sys.executable))
    settings = Settings(home=tmp_path / "home")
    prepare_goal(request, settings, new_id=lambda: GoalId("g-000001"), make=asked.append)
    assert asked == []


def test_there_is_not_always_something_to_build(tmp_path: Path) -> None:
    a_repository(tmp_path / "repository", {"a.txt": ""})
    called = swarm(tmp_path / "home", "env", "build", "--repo", str(tmp_path / "repository"))
    assert called.code == 2


def test_a_goals_page_says_what_its_tests_run_with() -> None:
    environment = Environment(
        mount_point="/r",
        python="/r/.venv/bin/python",
        python_version="3.12.1",
        runner="pytest",
        runner_version="9.0",
        command=(),
        carried=(Carried(path="_version.py", digest=Digest("0")),),
        origin="the repository's own",
    )
    assert runs_with(environment) == (
        "tests run with Python 3.12.1, pytest 9.0: the repository's own; 1 ignored file goes along"
    )


NODE = '{"name": "sums", "scripts": {"test": "node --test"}}\n'


@pytest.mark.parametrize(
    ("files", "runner", "words"),
    [
        ({"package.json": NODE, "sum.js": ""}, "command", ("npm", "test")),
        ({"package.json": NODE, "yarn.lock": "", "sum.js": ""}, "command", ("yarn", "test")),
        ({"Cargo.toml": '[package]\nname = "a"\n'}, "command", ("cargo", "test")),
        ({"package.json": NODE, "test_a.py": "import pytest\n"}, "pytest", ("-m", "pytest")),
    ],
    ids=["npm", "yarn", "cargo", "python beside it"],
)
def test_a_project_of_another_language_is_tested_with_its_own_command(
    tmp_path: Path, files: dict[str, str], runner: str, words: tuple[str, ...]
) -> None:
    a_repository(tmp_path / "repository", files)
    request = GoalRequest("mend it", tmp_path / "repository")
    settings = Settings(home=tmp_path / "home")
    goal = prepare_goal(request, settings, new_id=lambda: GoalId("g-000001"))
    assert goal.environment.runner == runner
    assert goal.environment.command[-2:] == words
