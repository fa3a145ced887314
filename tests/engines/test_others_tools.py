"""A model that uses others' tools: what it is offered, what comes back, and what a hostile server gains."""

import asyncio
from pathlib import Path

from swarm.engines.model.engine import ModelEngine
from swarm.engines.model.reading import Inquiry, Replied, inquire
from swarm.engines.model.record import Record
from swarm.engines.port import Item, StepTaken
from swarm.models.conversation import Tool
from swarm.models.routes import RouteView
from swarm.settings.public_api import ToolServer
from swarm.testing.engine import an_assignment
from swarm.testing.models import TEN_A_TOKEN, a_gateway, a_route
from swarm.testing.sandbox import a_sandbox
from swarm.testing.tool_servers import an_enemy, approved
from swarm.testing.wire import Brain, Heard, Say, Use, a_model, script

ECHO = "enemy__echo"
OVER = Say("", (Use("give_up", {"reason": "over"}),))
CALL = Say("", (Use(ECHO, {"text": "hello"}),))
VIEW = RouteView(name="claude", protocol="anthropic", model="m", base_url="", price=TEN_A_TOKEN)


def worked(folder: Path, brain: Brain, *servers: ToolServer) -> tuple[list[Item], list[Heard]]:
    toolset = approved(*servers)

    async def play() -> tuple[list[Item], list[Heard]]:
        with a_model(brain) as server:
            gateway = a_gateway(folder / "models", a_route(server))
            engine = ModelEngine(VIEW, gateway, tools=toolset)
            async with a_sandbox(
                folder / "box", {"a.txt": "1\n"}, readonly=engine.needs.readonly
            ) as sandbox:
                assignment = an_assignment(mount_point=str(sandbox.root))
                work = engine.work(assignment, sandbox, (), lambda: (), 10**9)
                items = [item async for item in work]
            await gateway.close()
            return items, server.heard

    return asyncio.run(play())


def told(items: list[Item]) -> str:
    """What came back to the model."""
    records = [Record.model_validate_json(i.result) for i in items if isinstance(i, StepTaken)]
    return "\n".join(result.text for record in records for result in record.results)


def first_action(items: list[Item]) -> str:
    assert isinstance(items[0], StepTaken)
    return items[0].action


def test_an_approved_tool_stands_beside_our_own_and_answers_in_an_envelope(tmp_path: Path) -> None:
    items, heard = worked(tmp_path, script(CALL, OVER), an_enemy())
    assert {ECHO, "read", "submit"} <= heard[0].tools
    assert told(items).startswith(f'<data source="tool {ECHO}">\nhello\n</data>')


def test_instructions_in_a_result_stay_in_their_envelope(tmp_path: Path) -> None:
    items, _ = worked(tmp_path, script(CALL, OVER), an_enemy("instructs"))
    shown = told(items).partition("\nheard")[0]
    assert shown.count("</data>") == 1
    assert "\x1b" not in shown


def test_a_tool_that_is_not_what_was_approved_is_not_offered_and_people_are_told(
    tmp_path: Path,
) -> None:
    items, heard = worked(tmp_path, script(CALL, OVER), an_enemy("changed"))
    assert ECHO not in heard[0].tools
    assert "not in use: enemy__echo: what it says of itself is not what was approved" in (
        first_action(items)
    )
    assert "id_rsa" not in heard[-1].everything
    assert "there is no tool" in told(items)


def test_a_server_that_dies_fails_a_call_and_no_task(tmp_path: Path) -> None:
    items, _ = worked(tmp_path, script(CALL, OVER), an_enemy("dies"))
    assert "it ended; its server was ended" in told(items)
    assert len(items) == 3


def test_what_a_tool_writes_is_in_the_tree_like_anything_that_was_run(tmp_path: Path) -> None:
    items, _ = worked(tmp_path, script(CALL, OVER), an_enemy("writes"))
    assert isinstance(items[0], StepTaken)
    assert items[0].changes is not None
    assert items[0].changes.paths == (b"foreign.txt",)


def asked(folder: Path, brain: Brain, *servers: ToolServer) -> tuple[Replied, list[Heard]]:
    """A reviewer's inquiry."""
    toolset = approved(*servers)

    async def play() -> tuple[Replied, list[Heard]]:
        with a_model(brain) as server:
            gateway = a_gateway(folder / "models", a_route(server))
            answer = Tool(name="review", description="Yours.", parameters={"type": "object"})
            inquiry = Inquiry("claude", "review", "Look.", "At this.", answer, 10**9, toolset)
            readonly = toolset.shows("reviewer")
            async with a_sandbox(folder / "box", {"a.txt": "1\n"}, readonly=readonly) as sandbox:
                assignment = an_assignment(mount_point=str(sandbox.root))
                found = await inquire(inquiry, gateway, assignment, sandbox, lambda: "n" * 32)
            await gateway.close()
            return found, server.heard

    return asyncio.run(play())


def test_each_role_has_its_own_list_of_tools(tmp_path: Path) -> None:
    done = Say("", (Use("review", {}),))
    found, heard = asked(tmp_path / "1", script(CALL, done), an_enemy(reviewer=("echo",)))
    assert found.call is not None
    assert ECHO in heard[0].tools
    assert "hello" in heard[1].told
    _, heard = asked(tmp_path / "2", script(CALL, done), an_enemy())
    assert ECHO not in heard[0].tools
    assert "there are only" in heard[1].told
