"""Starting the program is cheap, and its help is in order."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.cli_examples import swarm

HEAVY = ("ray", "anthropic", "mcp", "fastapi", "githubkit", "pydantic", "numpy", "nostr_sdk")
MOST_CPU_SECONDS = 0.3

PROGRAM = f"""
import contextlib, io, sys
from swarm.cli.app import call
with contextlib.redirect_stdout(io.StringIO()) as out:
    code = call(["--help"])
print(code, *(name for name in {HEAVY!r} if name in sys.modules))
"""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0"]


def test_help_takes_little_processor_time() -> None:
    def cpu() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        argv = [sys.executable, "-m", "swarm.cli", "--help"]
        subprocess.run(argv, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # The least of a few: a busy machine makes everything dearer, never cheaper.
    assert min(cpu() for _ in range(5)) <= MOST_CPU_SECONDS


def test_help_groups_the_commands(tmp_path: Path) -> None:
    out = swarm(tmp_path, "--help").out
    places = [
        out.index(name) for name in ("Everyday", " run ", "More", " resume ", "Looking inside")
    ]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "argv",
    [
        *(
            [name]
            for name in [
                "run",
                "show",
                "say",
                "stop",
                "clean",
                "resume",
                "pause",
                "play",
                "log",
                "verify",
                "check",
                "veto",
                "serve",
                "demo",
                "agents",
                "facts",
                "doctor",
                "triage",
                "bench",
                "pr",
                "market",
                "config",
                "env",
            ]
        ),
        *(["pr", name] for name in ["list", "show", "diff", "checkout", "apply"]),
        ["market", "explain"],
        ["config", "show"],
        *(["env", name] for name in ["show", "build"]),
    ],
)
def test_every_command_explains_itself(argv: list[str], tmp_path: Path) -> None:
    called = swarm(tmp_path, *argv, "--help")
    assert called.code == 0
    assert "Usage: swarm" in called.out


@pytest.mark.parametrize("argv", [["nonsense"], ["run", "--minutes", "0"], ["show", "a", "b"], []])
def test_a_wrong_command_line_is_a_usage_error(argv: list[str], tmp_path: Path) -> None:
    assert swarm(tmp_path, *argv).code == 2


def test_the_version_is_printed(tmp_path: Path) -> None:
    assert swarm(tmp_path, "--version").out.startswith("swarm 0.")


def test_the_shell_can_complete_goals(tmp_path: Path) -> None:
    environment = {**os.environ, "_SWARM_COMPLETE": "complete_bash", "COMP_WORDS": "swarm sh"}
    environment |= {"COMP_CWORD": "1", "SWARM_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", "from swarm.cli.public_api import main; main()"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "show" in done.stdout


def test_colours_are_left_out_on_request_and_without_a_terminal(tmp_path: Path) -> None:
    assert "\x1b" not in swarm(tmp_path, "show").out
