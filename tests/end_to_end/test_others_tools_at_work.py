"""Others' tools from the settings to the pull request: approved by a person, used by a model, in real walls."""

from dataclasses import replace
from pathlib import Path

import pytest

from swarm.domain.events import StepRecorded
from swarm.testing.git import a_repository, git
from swarm.testing.models import KEY
from swarm.testing.outside import Outside
from swarm.testing.tool_servers import Ways, an_enemy, configure
from swarm.testing.wire import Say, Use, a_model, by_role, script
from tests.end_to_end.test_models_at_work import SHOP, SUBMIT

pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("whole_walls")]


def test_a_model_uses_what_was_approved_and_no_longer_what_has_changed(
    swarm: Outside, tmp_path: Path
) -> None:
    user = replace(swarm, environ={"ANTHROPIC_API_KEY": KEY, "SWARM_ENGINE_PRICE": "3/15/0.3"})
    a_repository(tmp_path / "shop", SHOP)
    configure(user.home, an_enemy())
    assert user.call("tools", "approve", "enemy", "--yes").code == 0
    brain = script(
        Say("", (Use("enemy__echo", {"text": "pears cost 4"}),)),
        Say("", (Use("write", {"path": "pears.md", "content": "Pears cost 4.\n"}),)),
        Say("", (SUBMIT,)),
    )
    ways: tuple[tuple[Ways, bool], ...] = (("honest", True), ("changed", False))
    for how, offered in ways:
        configure(user.home, an_enemy(how))
        with a_model(by_role(brain)) as server:
            argv = ("--engine", "claude", "--base-url", server.url, "--json")
            ran = user.run(f"say in pears.md what pears cost ({how})", tmp_path / "shop", *argv)
        assert ran.code == 0, ran.told
        goal = ran.document["goal"]["id"]
        assert "Pears" in git(tmp_path / "shop", "show", f"swarm/{goal}:pears.md")
        works = [heard for heard in server.heard if "submit" in heard.tools]
        assert ("enemy__echo" in works[0].tools) is offered
        assert ('<data source="tool enemy__echo">' in works[1].told) is offered
    actions = [event.step.action for event in user.events() if isinstance(event, StepRecorded)]
    assert any("not in use: enemy__echo: what it says of itself" in action for action in actions)
