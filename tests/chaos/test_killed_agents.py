"""Everything of swarm is killed while an agent of the user's works, or while a provider makes it wait.

Nothing that was done is done again, nothing of the agent's runs on, and the goal goes on after a restart.
"""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from swarm.domain.events import PublicationDone, StepRecorded, WorkSubmitted
from swarm.testing.agent_program import Act
from swarm.testing.agents import a_login, an_agent
from swarm.testing.git import a_repository
from swarm.testing.models import KEY
from swarm.testing.outside import (
    Outside,
    answer,
    contents,
    house_of,
    nothing_left,
    running,
    steps,
    wait_until,
)
from swarm.testing.wire import Fail, Heard, Reply, Say, Use, a_model, by_role

pytestmark = [
    pytest.mark.usefixtures("whole_walls"),
    pytest.mark.thorough,
    pytest.mark.chaos,
]

GREET = "def greet():\n    return 'hi'\n"
SHOUT = f"{GREET}\n\ndef shout():\n    return greet().upper()\n"
OLD = "from app import greet\n\n\ndef test_greet():\n    assert greet()\n"
NEW = "from app import shout\n\n\ndef test_it_shouts():\n    assert shout() == 'HI'\n"
LASTING = "sleep 86399"
"""What the agent is at when it is killed, and never again."""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with nothing_left(tmp_path):
        yield tmp_path


def killed(process: "subprocess.Popen[str]") -> None:
    """The command line and the house of the coordinator, both at once."""
    house = house_of(process.pid)
    assert house
    os.kill(process.pid, signal.SIGKILL)
    os.kill(house, signal.SIGKILL)
    answer(process)


@pytest.mark.parametrize("name", ["claude-code", "acp"])
def test_an_agent_dies_with_its_coordinator_and_another_goes_on_behind_its_last_step(
    folder: Path, name: str
) -> None:
    repository = folder / "repository"
    a_repository(repository, {"app.py": GREET, "test_app.py": OLD})
    acts: list[Act] = [
        {"run": "test ! -e first || touch second; touch first"},
        {"write": str(repository / "app.py"), "text": SHOUT},
        {"run": f"test -e second || {LASTING}"},
        {"write": str(repository / "test_shout.py"), "text": NEW},
        {"run": "rm first second"},
        {"end": "Add shout\n\nNothing shouted."},
    ]
    program = an_agent(folder, name, acts, name="" if name != "acp" else "speaker")
    if name != "acp":
        a_login(folder / "home-user", name)
    outside = Outside(folder / "home", environ={"PATH": f"{program.parent}:{os.environ['PATH']}"})
    engine = "acp:speaker" if name == "acp" else name
    begun = outside.start_run("add shout(), in capitals", repository, "--engine", engine)
    outside.wait_for(StepRecorded, 2)
    wait_until(lambda: bool(running(LASTING)))
    killed(begun)
    wait_until(lambda: not running(LASTING))
    wait_until(lambda: not running(str(program)))
    before = steps(outside.events())
    ran = outside.call("resume", "--runtime", "inline", "--json")
    assert ran.code == 0, ran.told
    events = outside.events()
    assert sum(isinstance(each, PublicationDone) for each in events) == 1
    assert sum(isinstance(each, WorkSubmitted) for each in events) == 1
    numbers = Counter((e.attempt_id, e.step.number) for e in events if isinstance(e, StepRecorded))
    assert max(numbers.values()) == 1
    assert sum(before.values()) == 2
    files = subprocess.run(
        ["git", "-C", repository, "ls-tree", "--name-only", f"swarm/{outside.goal_ids()[0]}"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    assert files == ["app.py", "test_app.py", "test_shout.py"]


def test_a_provider_that_makes_us_wait_is_waited_for_also_by_who_comes_after_a_kill(
    folder: Path,
) -> None:
    """The window is longer than a call waits, so the task is put off; then everything is killed."""
    repository = folder / "repository"
    a_repository(repository, {"app.py": GREET, "test_app.py": OLD})
    refused: list[float] = []
    seconds = 45.0

    def brain(heard: Heard) -> Reply:
        if heard.answered == 1 and not refused:
            refused.append(heard.at)
            return Fail(429, "rate_limit_error", headers={"retry-after": str(seconds)})
        if heard.answered < 2:
            return Say("", (Use("run", {"command": f"echo {heard.answered}"}),))
        if heard.answered == 2:
            return Say("", (Use("write", {"path": "app.py", "content": SHOUT}),
                            Use("write", {"path": "test_shout.py", "content": NEW})))  # fmt: skip
        return Say("", (Use("submit", {"title": "Add shout", "why": "Nothing shouted."}),))

    environ = {"ANTHROPIC_API_KEY": KEY, "SWARM_ENGINE_PRICE": "3/15/0.3"}
    with a_model(by_role(brain)) as server:
        outside = Outside(folder / "home", environ=environ)
        begun = outside.start_run(
            "add shout(), in capitals", repository, "--engine", "claude", "--base-url", server.url
        )
        wait_until(lambda: bool(refused))
        wait_until(lambda: "parked" in _ledger(outside))
        killed(begun)
        ran = outside.call("resume", "--runtime", "inline", "--json")
        assert ran.code == 0, ran.told
        work = [heard for heard in server.heard if "submit" in heard.tools]
        behind = [heard.at for heard in work if heard.at > refused[0]]
    assert min(behind) - refused[0] >= seconds - 1
    assert [heard.answered for heard in work].count(0) == 1
    assert sum(isinstance(each, PublicationDone) for each in outside.events()) == 1


def _ledger(outside: Outside) -> str:
    return "".join(
        told.decode()
        for name, told in contents(outside.home).items()
        if name.endswith("ledger.jsonl")
    )
