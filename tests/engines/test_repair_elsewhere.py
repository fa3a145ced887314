"""Tests that run the project in processes of their own: changes are tried by whole runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from swarm.engines.port import Submission
from swarm.engines.repair.worker.elsewhere import Elsewhere
from tests.engines.conftest import Builder, Workshop

SHOP = """\
import sys


def price(count):
    if count > 10:
        return 90
    return 100


if __name__ == "__main__":
    print(price(int(sys.argv[1])))
"""
TESTS = """\
import subprocess
import sys

def ask(count):
    argv = [sys.executable, "shop.py", str(count)]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

def test_few(): assert ask(9) == "100\\n"
def test_ten(): assert ask(10) == "90\\n"
"""


def test_lines_of_a_started_process_are_seen_once_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    before = os.environ.get("PYTHONPATH")
    elsewhere = Elsewhere(str(tmp_path))
    try:
        subprocess.run([sys.executable, tmp_path / "shop.py", "3"], check=True, capture_output=True)
        assert elsewhere.taken() == {"shop.py": [1, 4, 5, 7, 10, 11]}
        assert elsewhere.taken() == {}
    finally:
        elsewhere.end()
    assert os.environ.get("PYTHONPATH") == before


def a_program(workshop: Builder) -> Workshop:
    return workshop(
        {"shop.py": SHOP, "test_shop.py": TESTS},
        {"test_shop.py::test_few": "passed", "test_shop.py::test_ten": "failed"},
    )


@pytest.mark.thorough
def test_what_a_test_runs_in_another_process_is_repaired_and_said_to_be(workshop: Builder) -> None:
    program = a_program(workshop)
    end = program.repair("project")[-1]
    assert isinstance(end, Submission), end
    assert "count >= 10" in program.text(end.changes)
    assert "in processes of their own" in end.why
