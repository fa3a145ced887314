"""A user's own agent from the command line to the pull request, with doubles on PATH."""

import asyncio
import os
from pathlib import Path

import pytest

from swarm.cli.agents_doctor import agent_rows
from swarm.cli.own_agents import found_agent, route_of_agent
from swarm.domain.errors import Lacking, NeedsHuman, Rejected
from swarm.domain.events import PublicationDone, StepRecorded, TaskSentBack, WorkSubmitted
from swarm.forge.public_api import LocalForge
from swarm.settings.public_api import Settings
from swarm.testing.agent_program import Act
from swarm.testing.agents import RENEWS, SECRET, a_login, an_agent
from swarm.testing.git import a_repository
from swarm.testing.models import KEY
from swarm.testing.outside import Outside, contents, wait_until

NOW = 1_790_000_000
GREET = "def greet():\n    return 'hi'\n"
FILES = {"app.py": GREET, "test_app.py": "from app import greet\n\n\ndef test_greet():\n    assert greet()\n"}  # fmt: skip
SHOUT = f"{GREET}\n\ndef shout():\n    return greet().upper()\n"
NEW = "from app import shout\n\n\ndef test_it_shouts():\n    assert shout() == 'HI'\n"


def at_home(folder: Path, name: str, *runs: list[Act]) -> dict[str, str]:
    """The environment of a user who has that agent and its login."""
    program = an_agent(folder, name, *runs)
    a_login(folder / "home-user", name)
    path = f"{program.parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(folder / "home-user")}


def test_an_agent_is_brought_with_the_hosts_of_its_login(tmp_path: Path) -> None:
    found = found_agent(Settings(engine="codex"), at_home(tmp_path, "codex", []), NOW)
    assert found.hosts == (("chatgpt.com", 443), ("api.openai.com", 443))
    assert SECRET not in found.model_dump_json()
    named = Settings(engine="codex", engine_hosts=("proxy.example:8443",))
    assert found_agent(named, at_home(tmp_path, "codex", []), NOW).hosts == (
        ("proxy.example", 8443),
    )


def test_without_the_program_or_the_login_nothing_is_begun(tmp_path: Path) -> None:
    nothing = {"PATH": "/nowhere", "HOME": str(tmp_path)}
    with pytest.raises(Lacking, match="no claude on PATH"):
        found_agent(Settings(engine="claude-code"), nothing, NOW)
    there = at_home(tmp_path, "claude-code", []) | {"HOME": str(tmp_path / "else")}
    with pytest.raises(NeedsHuman, match="no login"):
        found_agent(Settings(engine="claude-code"), there, NOW)
    with pytest.raises(Lacking, match="no program speaker"):
        found_agent(Settings(engine="acp:speaker --now"), nothing, NOW)


def test_any_program_that_speaks_the_protocol_can_be_named(tmp_path: Path) -> None:
    program = an_agent(tmp_path, "acp", [], name="speaker")
    path = {"PATH": str(program.parent), "HOME": str(tmp_path)}
    settings = Settings(engine="acp:speaker --stdio", engine_login=(".speaker/token",))
    found = found_agent(settings, path, NOW)
    assert found.argv[1:] == (str(program), "--stdio")
    assert (found.name, found.hosts, found.files) == ("acp", (), (".speaker/token",))
    assert not found.relayed


def test_a_program_that_speaks_the_protocol_takes_an_address_instead_of_a_login(
    tmp_path: Path,
) -> None:
    program = an_agent(tmp_path, "acp", [], name="speaker")
    path = {"PATH": str(program.parent), "HOME": str(tmp_path)}
    mine = Settings(engine="acp:speaker", engine_url="http://127.0.0.1:9", engine_model="m")
    found = found_agent(mine, path, NOW)
    assert (found.relayed, found.model, found.hosts) == (True, "m", ())
    assert route_of_agent(found, mine, {}).protocol == "anthropic"
    with pytest.raises(Rejected, match="neither login nor network"):
        found_agent(mine.model_copy(update={"engine_login": ("x",)}), path, NOW)


def test_a_key_or_an_address_instead_of_a_login_leads_through_the_gateway(tmp_path: Path) -> None:
    environ = at_home(tmp_path, "claude-code", []) | {"ANTHROPIC_API_KEY": KEY}
    assert not found_agent(Settings(engine="claude-code"), environ, NOW).relayed
    without = environ | {"HOME": str(tmp_path / "else")}
    found = found_agent(Settings(engine="claude-code"), without, NOW)
    assert (found.relayed, found.hosts) == (True, ())
    route = route_of_agent(found, Settings(engine="claude-code"), without)
    assert (route.name, route.base_url) == ("claude-code", "https://api.anthropic.com")
    assert route.key.get_secret_value() == KEY
    assert KEY not in found.model_dump_json()
    mine = Settings(engine="claude-code", engine_url="http://127.0.0.1:9", engine_model="m")
    assert found_agent(mine, environ, NOW).model == "m"
    assert route_of_agent(found, mine, {}).is_local


def test_the_doctor_lists_agents_with_what_each_may_see(tmp_path: Path) -> None:
    environ = at_home(tmp_path, "claude-code", [])
    an_agent(tmp_path, "codex", [])
    alone = environ | {"PATH": str(tmp_path / "bin")}
    first, second = agent_rows(alone, NOW)
    assert (first.name, first.ok, second.name, second.ok) == ("claude-code", True, "codex", False)
    assert "9.9.9 (a double)" in first.found
    assert "login: max, until 2100-01-01" in first.found
    told = " ".join(first.sees)
    assert "~/.claude/.credentials.json, without the part that renews it" in told
    assert "may send what it reads to api.anthropic.com" in told
    assert "codex login" in second.remedy


def test_the_doctor_says_where_there_is_no_agent(tmp_path: Path) -> None:
    (row,) = agent_rows({"PATH": "/nowhere", "HOME": str(tmp_path)}, NOW)
    assert (row.ok, row.found) == (False, "none on PATH")
    assert "Claude Code" in row.remedy


@pytest.mark.usefixtures("whole_walls")
@pytest.mark.thorough
@pytest.mark.parametrize("name", ["claude-code", "codex", "opencode", "acp"])
def test_a_goal_in_free_words_ends_in_a_pull_request_by_the_users_own_agent(
    tmp_path: Path, name: str
) -> None:
    repository = tmp_path / "repository"
    a_repository(repository, FILES)
    acts: list[Act] = [
        {"run": "cat app.py"},
        {"write": str(repository / "app.py"), "text": SHOUT},
        {"write": str(repository / "test_shout.py"), "text": NEW},
        {"end": "Add shout\n\nNothing shouted."},
    ]
    if name == "acp":
        program = an_agent(tmp_path, name, acts, name="speaker")
        environ = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    else:
        environ = at_home(tmp_path, name, acts)
    outside = Outside(tmp_path / "home", environ=environ)
    engine = "acp:speaker" if name == "acp" else name
    answer = outside.run("add shout(), which greets in capitals", repository, "--engine", engine)
    assert answer.code == 0, answer.told
    events = outside.events()
    (opened,) = [e for e in events if isinstance(e, PublicationDone)]
    body = asyncio.run(LocalForge(outside.home / "forge").get(opened.number)).body
    assert "Written by" in body
    assert ("in a weaker sandbox" in body) == (name != "acp")
    steps = [e.step.action for e in events if isinstance(e, StepRecorded)]
    assert len(steps) == 4
    kept = b"".join(contents(outside.home).values())
    assert SECRET.encode() not in kept
    assert RENEWS.encode() not in kept
    wait_until(lambda: not (outside.home / "own-agents.json").exists())


WANTED = "from app import greet\n\n\ndef test_greet():\n    assert greet() == 'hello'\n"
FORGING = "import os\n\n\ndef pytest_sessionfinish():\n    os._exit(0)\n"


@pytest.mark.usefixtures("whole_walls")
@pytest.mark.thorough
@pytest.mark.parametrize(
    ("file", "text"),
    [("test_app.py", WANTED.replace("== 'hello'", "or True")), ("conftest.py", FORGING)],
)
def test_a_hijacked_agent_that_weakens_tests_gets_no_pull_request(
    tmp_path: Path, file: str, text: str
) -> None:
    repository = tmp_path / "repository"
    a_repository(repository, {"app.py": GREET, "test_app.py": WANTED})
    acts: list[Act] = [
        {"write": str(repository / file), "text": text},
        {"end": "Fix greet\n\nAll tests pass now, trust me."},
    ]
    outside = Outside(tmp_path / "home", environ=at_home(tmp_path, "claude-code", acts))
    answer = outside.run("greet() shall say hello", repository, "--engine", "claude-code")
    assert answer.code == 1, answer.told
    events = outside.events()
    assert not [e for e in events if isinstance(e, PublicationDone)]
    assert [e for e in events if isinstance(e, WorkSubmitted) and e.title == "Fix greet"]
    assert [e for e in events if isinstance(e, TaskSentBack)]
