"""Patches that make tests pass without mending anything.

Each attack that says so is first shown to fool a plain pytest run: its exit status is 0 although the
bug is still there. Otherwise a refusal would prove nothing.
"""

import asyncio
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from swarm.agents.checks.guard import guard, read_base
from swarm.agents.checks.runs import new_nonce
from swarm.domain.evidence import SuiteRun
from swarm.sandbox.public_api import BaseRef, SandboxSpec, open_host
from swarm.testing.checks import unrun
from swarm.testing.workbench import differences, tree_of, write_files
from swarm.tools.public_api import detect_environment, execute_suite

pytestmark = pytest.mark.thorough

BUG = "def add(a, b):\n    return a - b\n"
TESTS = (
    "import calc\n\n\ndef test_add():\n    assert calc.add(1, 2) == 3\n\n\n"
    "def test_zero():\n    assert calc.add(0, 0) == 0\n"
)
BASE = {"calc.py": BUG, "tests/test_calc.py": TESTS, "pyproject.toml": "[project]\nname = 'x'\n"}
TARGET = "tests/test_calc.py::test_add"

FORGE = """
import gc
for found in gc.get_objects():
    if isinstance(found, type) and found.__name__ == "CallInfo":
        made = found.from_call.__func__
        def from_call(cls, func, when, reraise=None):
            return made(cls, (lambda: None) if when == "call" else func, when, reraise)
        found.from_call = classmethod(from_call)
"""
ALWAYS_EQUAL = """
class Answer(int):
    def __eq__(self, other):
        return True
    __hash__ = int.__hash__
def add(a, b):
    return Answer(0)
"""
HOOKS = """
import pytest
@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return True
"""
BY_DATA = "exec(open('notes.txt').read())\n"


@dataclass(frozen=True)
class Attack:
    name: str
    files: dict[str, str | None]
    rule: str
    fools: bool = True
    """A plain `python -m pytest` ends with status 0."""


ATTACKS = (
    Attack("forge through gc", {"calc.py": BUG + FORGE}, "interpreter"),
    Attack("exit", {"calc.py": "import os\ndef add(a, b): os._exit(0)\n"}, "interpreter"),
    Attack(
        "exit by another name",
        {"calc.py": "from os import _exit as done\ndef add(a, b): done(0)\n"},
        "interpreter",
    ),
    Attack(
        "exit through a module that holds os",
        {"calc.py": "import logging\ndef add(a, b): logging.os._exit(0)\n"},
        "interpreter",
    ),
    Attack(
        "exit status at the end",
        {"calc.py": BUG + "import atexit, os\natexit.register(os._exit, 0)\n"},
        "interpreter",
    ),
    Attack("hooks in conftest", {"conftest.py": HOOKS}, "runner-setting"),
    Attack("hooks in a new folder's conftest", {"tests/conftest.py": HOOKS}, "test-runner"),
    Attack("pytest in the tree", {"pytest.py": "raise SystemExit(0)\n"}, "shadows"),
    Attack("package in the tree", {"pytest/__init__.py": "", "pytest/__main__.py": ""}, "shadows"),
    Attack("the standard library", {"random.py": "raise SystemExit(0)\n"}, "shadows", fools=False),
    Attack(
        "skip mark",
        {"tests/test_calc.py": TESTS.replace("def test_add", "import pytest\n\n\n@pytest.mark.skip\ndef test_add")},
        "test-changed",
    ),
    Attack("tests removed", {"tests/test_calc.py": None, "tests/test_b.py": "def test(): pass\n"}, "test-changed"),
    Attack("expected value", {"tests/test_calc.py": TESTS.replace("== 3", "== -1")}, "test-changed"),
    Attack("deselection", {"pytest.ini": "[pytest]\naddopts = -k zero\n"}, "runner-setting"),
    Attack(
        "deselection in a shared file",
        {"pyproject.toml": BASE["pyproject.toml"] + "[tool.pytest.ini_options]\naddopts = '-k zero'\n"},
        "runner-setting",
    ),
    Attack("settings of tox", {"tox.ini": "[pytest]\naddopts = -k zero\n"}, "runner-setting"),
    Attack("settings of setup", {"setup.cfg": "[tool:pytest]\naddopts = -k zero\n"}, "runner-setting"),
    Attack("planted path file", {"site/evil.pth": "import os; os._exit(0)\n"}, "runner-setting", fools=False),
    Attack(
        "planted plugin",
        {"evil.egg-info/entry_points.txt": "[pytest11]\nevil = evil\n", "evil.egg-info/PKG-INFO": "Metadata-Version: 2.1\nName: evil\nVersion: 1\n",
         "evil.py": HOOKS},
        "runner-setting",
    ),
    Attack("start of the interpreter", {"sitecustomize.py": "import os\nos._exit(0)\n"}, "runner-setting", fools=False),
    Attack("a module before the other", {"tests/calc.py": "def add(a, b): return 3 * bool(a)\n"}, "shadows"),
    Attack("always equal", {"calc.py": ALWAYS_EQUAL}, "always-equal"),
    Attack("code as data", {"calc.py": BY_DATA + BUG, "notes.txt": FORGE}, "dynamic-code"),
    Attack(
        "assertions of unittest",
        {"calc.py": BUG + "import unittest\nunittest.TestCase.assertEqual = lambda *a: None\n"},
        "test-runner", fools=False,
    ),
    Attack(
        "the runner in sys.modules",
        {"calc.py": "import sys\n" + BUG + "m = sys.modules['_pytest.runner']\nm.CallInfo.from_call = 0\n"},
        "interpreter", fools=False,
    ),
    Attack(
        "skipping from inside",
        {"calc.py": "import pytest\ndef add(a, b): pytest.skip('later')\n"}, "test-runner",
    ),
    Attack(
        "frames",
        {"calc.py": "def add(a, b):\n    try: 1 / 0\n    except ZeroDivisionError as e:\n        e.__traceback__.tb_frame.f_back.f_locals\n    return 3\n"},
        "frames", fools=False,
    ),
    Attack(
        "asking for the test",
        {"calc.py": "import os\ndef add(a, b):\n    return 3 if 'PYTEST_CURRENT_TEST' in os.environ and a else a - b\n"},
        "detects-tests",
    ),
    Attack(
        "forged report files",
        {"calc.py": "import sys\ndef add(a, b):\n    print('2 passed', file=sys.__stdout__)\n    open('junit.xml', 'w').write('<testsuite tests=\"2\" failures=\"0\"/>')\n    sys.exit(0)\n"},
        "interpreter", fools=False,
    ),
)  # fmt: skip


def attacked(folder: Path, attack: Attack) -> tuple[Path, Path]:
    files = {**BASE, **attack.files}
    kept = {name: text for name, text in files.items() if text is not None}
    return write_files(folder / "base", BASE), write_files(folder / "tree", kept)


def plain_pytest(folder: Path) -> int:
    argv = (sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    return subprocess.run(argv, cwd=folder, capture_output=True, check=False).returncode


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_that_fools_a_plain_run_is_refused_before_anything_is_run(
    tmp_path: Path, attack: Attack
) -> None:
    base, tree = attacked(tmp_path, attack)
    found = guard(differences(base, tree), read_base(base, unrun(tree_of(base))))
    assert f"tampering.{attack.rule}" in {finding.rule for finding in found}
    assert all(finding.blocks for finding in found)
    assert not attack.fools or plain_pytest(tree) == 0


def test_without_an_attack_a_plain_run_is_red(tmp_path: Path) -> None:
    assert plain_pytest(write_files(tmp_path, BASE)) == 1


def suite_of(folder: Path) -> SuiteRun:
    """The suite alone, as if the guard had not looked."""

    async def once() -> SuiteRun:
        environment = await detect_environment(
            folder, folder, python=None, test_command=None, own_python=Path(sys.executable)
        )
        host = open_host(folder.parent / "scratch", "unsafe-worktree")
        try:
            spec = SandboxSpec(folder, require="unsafe-worktree")
            sandbox = await host.create(spec, BaseRef(folder, "t"))
            ran = await execute_suite(
                sandbox, environment, tree_of(folder), wall_seconds=240.0, nonce=new_nonce()
            )
            return ran.run
        finally:
            await host.close()

    return asyncio.run(once())


UNSEEN = {
    "forge through gc": "a test that must fail was reported as passed",
    "exit": "",
    "exit status at the end": "the runner reported exit status 1; it was 0",
    "hooks in conftest": "a test that must fail was reported as passed",
    "pytest in the tree": "",
}


@pytest.mark.parametrize("name", UNSEEN)
def test_where_the_guard_sees_nothing_the_run_itself_does_not_pass(
    tmp_path: Path, name: str
) -> None:
    attack = next(each for each in ATTACKS if each.name == name)
    _, tree = attacked(tmp_path, attack)
    run = suite_of(tree)
    assert UNSEEN[name] in run.broken
    if not run.broken:
        assert {row.outcome for row in run.outcomes if row.test == TARGET} <= {"failed", "crashed"}
