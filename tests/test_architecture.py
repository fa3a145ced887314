"""What the import contracts of pyproject.toml cannot say about the shape of the project."""

import ast
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from swarm.domain.events import EVENT, Event

ROOT = Path(__file__).resolve().parent.parent
SWARM = ROOT / "swarm"
PACKAGES = sorted(path.parent for path in SWARM.glob("*/__init__.py"))
INNER_DOORS = [SWARM / "sandbox" / "attacks"]
WITH_DOORS = [path for path in PACKAGES if path.name not in ("domain", "testing")] + INNER_DOORS
DOORS = [path / "public_api.py" for path in WITH_DOORS] + [SWARM / "actors" / "working_api.py"]
MODULES = [path for path in SWARM.rglob("*.py") if SWARM / "demo" / "project" not in path.parents]

USES_GIT = {
    "repository": "owns git",
    "recipes/pyproject.py": "reads a key of poetry's of that name",
    "agents/checks/manifests.py": "reads the same key where a dependency is named",
    "testing": "makes repositories for tests",
    "demo/planting.py": "makes the demo's repository before any agent exists",
    "cli/pulls.py": "merges in the user's checkout, by the user's own hand",
    "cli/health.py": "asks for the version",
    "sandbox/attacks/takings.py": "the control of an attack on whoever runs git",
}


def named(path: Path) -> str:
    return path.relative_to(SWARM).as_posix()


@pytest.mark.parametrize("package", [SWARM, *PACKAGES], ids=lambda path: path.name)
def test_an_init_holds_the_docstring_that_states_the_packages_law(package: Path) -> None:
    tree = ast.parse((package / "__init__.py").read_text())
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


@pytest.mark.parametrize("door", DOORS, ids=named)
def test_a_door_holds_a_docstring_imports_and_the_list_of_names(door: Path) -> None:
    docstring, *imports, names = ast.parse(door.read_text()).body
    assert isinstance(docstring, ast.Expr)
    assert all(isinstance(each, ast.ImportFrom) for each in imports)
    assert isinstance(names, ast.Assign)
    assert ast.unparse(names.targets[0]) == "__all__"


@pytest.mark.parametrize("door", DOORS, ids=named)
def test_a_door_names_exactly_what_it_imports(door: Path) -> None:
    *body, names = ast.parse(door.read_text()).body
    imported = {a.asname or a.name for e in body if isinstance(e, ast.ImportFrom) for a in e.names}
    assert isinstance(names, ast.Assign)
    assert set(ast.literal_eval(names.value)) == imported


def test_every_module_opens_with_what_it_is() -> None:
    assert [named(m) for m in MODULES if not ast.get_docstring(ast.parse(m.read_text()))] == []


def test_only_the_repository_runs_git() -> None:
    users = {named(module) for module in MODULES if re.search(r"['\"]git['\"]", module.read_text())}
    unknown = {user for user in users if not user.startswith(tuple(USES_GIT))}
    assert unknown == set()
    assert all(any(user.startswith(known) for user in users) for known in USES_GIT)


def kept_texts() -> list[tuple[str, str]]:
    """Every text file that is under version control."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [
        (str(path.relative_to(ROOT)), path.read_text(errors="replace"))
        for path in paths
        if path.is_file()
    ]


def test_no_file_names_a_package_index() -> None:
    hosts = re.compile(r"(pypi|pythonhosted|anaconda)\." + r"(org|com)|index-url *[=:]|dev" + "pi")
    assert [name for name, text in kept_texts() if hosts.search(text)] == []


def test_no_file_names_a_folder_of_this_machine() -> None:
    """`/root` and made-up people's homes are nobody's in particular."""
    here = {str(ROOT), str(Path.home())} - {"/root", "/"}
    found = [name for name, text in kept_texts() if any(f"{path}/" in text for path in here)]
    assert found == []


def tags() -> list[str]:
    union, _ = get_args(Event)
    return [each.model_fields["type"].default for each in get_args(union)]


def test_every_event_has_a_tag_of_its_own() -> None:
    assert [tag for tag, count in Counter(tags()).items() if count > 1] == []
    assert set(EVENT.json_schema()["discriminator"]["mapping"]) == set(tags())


def test_every_tag_is_dotted_and_in_lower_case() -> None:
    assert [tag for tag in tags() if not re.fullmatch(r"[a-z_]+\.[a-z_]+", tag)] == []


def test_the_page_of_events_lists_exactly_the_catalogue() -> None:
    page = (ROOT / "docs" / "events.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, re.MULTILINE)
    assert [tag for tag, _ in rows] == tags()
    assert all(meaning.strip() for _, meaning in rows)
