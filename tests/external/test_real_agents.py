"""Real coding agents, installed from their registries, each bring a goal to a pull request in the sandbox.

What thinks is scripted: an imitated provider on this machine, reached through the gateway. So nothing leaves
the machine, no account is needed, and what is tried is the agents' own programs: that they start in the
sandbox, are pointed to the gateway, and that what they print today is understood.
"""

import asyncio
import os
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from swarm.domain.events import PublicationDone, StepRecorded
from swarm.engines.cli.relay import PATIENT_SECONDS
from swarm.forge.public_api import LocalForge
from swarm.testing.git import a_repository
from swarm.testing.models import KEY
from swarm.testing.outside import Outside, answer
from swarm.testing.wire import Brain, Heard, Reply, Say, Use, a_model

AGENTS = os.environ.get("EXTERNAL_AGENTS", "")
"""A folder in which `npm install` put them."""

GREET = "def greet():\n    return 'hi'\n"
SHOUT = f"{GREET}\n\ndef shout():\n    return greet().upper()\n"
NEW = "from app import shout\n\n\ndef test_it_shouts():\n    assert shout() == 'HI'\n"
OLD = "from app import greet\n\n\ndef test_greet():\n    assert greet()\n"

TOOLS: Mapping[str, tuple[str, str, str]] = {
    "claude-code": ("Bash", "command", "Write"),
    "acp:claude-agent-acp": ("Bash", "command", "Write"),
    "opencode": ("bash", "command", "write"),
    "codex": ("exec_command", "cmd", ""),
    "gemini": ("run_shell_command", "command", "write_file"),
}
"""What each calls its shell, the argument of that, and its tool that writes."""

PATIENCE = 840
"""Seconds for a goal: on a busy machine some need minutes to start."""

MODELS = {"codex": "gpt-5.1-codex", "gemini": "gemini-2.5-pro"}
THINKS = PATIENT_SECONDS + 2
"""Seconds for one answer: so long that the agent is told meanwhile that there is more to come."""

PATHS = {
    "claude-code": "file_path",
    "acp:claude-agent-acp": "file_path",
    "opencode": "filePath",
    "gemini": "file_path",
}


def a_brain(name: str, repository: Path) -> Brain:
    """Looks, writes two files, runs the tests, and says that it is done."""
    shell, command, writes = TOOLS[name]

    def wrote(file: str, text: str) -> Say:
        path = str(repository / file)
        return Say("", (Use(writes, {PATHS[name]: path, "content": text}),))

    def ran(line: str) -> Say:
        more = {} if name == "codex" else {"description": "look"}
        return Say("", (Use(shell, {command: line, **more}),))

    steps = (
        ran("cat app.py"),
        ran("cat > app.py <<'END'\n" + SHOUT + "END"),
        wrote("test_shout.py", NEW) if writes else ran(f"cat > test_shout.py <<'END'\n{NEW}END"),
        ran("python -m pytest -q"),
    )

    thinking = threading.Event()

    def brain(heard: Heard) -> Reply:
        if not heard.body.get("tools"):
            return Say("A title")
        if heard.answered == 1:
            thinking.wait(THINKS)
        done = Say("Add shout\n\nNothing shouted.")
        return steps[heard.answered] if heard.answered < len(steps) else done

    return brain


@pytest.mark.usefixtures("whole_walls")
@pytest.mark.thorough
@pytest.mark.skipif(
    not AGENTS, reason="needs real agents: EXTERNAL_AGENTS names the folder of npm that has them"
)
@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize("name", sorted(TOOLS))
def test_a_real_agent_brings_a_goal_to_a_pull_request(tmp_path: Path, name: str) -> None:
    repository = tmp_path / "repository"
    a_repository(repository, {"app.py": GREET, "test_app.py": OLD})
    path = f"{AGENTS}/node_modules/.bin:{os.environ['PATH']}"
    environ = {"PATH": path, "ANTHROPIC_API_KEY": KEY, "OPENAI_API_KEY": KEY, "GEMINI_API_KEY": KEY}
    with a_model(a_brain(name, repository)) as server:
        outside = Outside(tmp_path / "home", environ=environ)
        url = server.openai_url if name == "codex" else server.url
        model = MODELS.get(name, "claude-sonnet-5-5")
        given = ("--engine", name, "--base-url", url, "--model", model)
        running = outside.start_run("add shout(), which greets in capitals", repository, *given)
        ran = answer(running, PATIENCE)
    assert ran.code == 0, ran.told
    events = outside.events()
    (opened,) = [e for e in events if isinstance(e, PublicationDone)]
    steps = [e.step.action for e in events if isinstance(e, StepRecorded)]
    named = any("pytest" in step for step in steps)
    assert named or any("2 passed" in heard.told for heard in server.heard), (
        "its tests ran in there"
    )
    assert len(steps) >= 5
    body = asyncio.run(LocalForge(outside.home / "forge").get(opened.number)).body
    assert "Written by" in body
    assert "fails without the change and passes with it" in body
    keys = (
        {heard.headers.get(name) for name in ("x-api-key", "authorization", "x-goog-api-key")}
        for heard in server.heard
    )
    assert all(told & {KEY, f"Bearer {KEY}"} for told in keys)
