"""Who is stuck begins once more, in the tree as it was given, and then ends."""

import asyncio
from pathlib import Path

import pytest

from swarm.engines.model.engine import ModelEngine
from swarm.engines.port import GaveUp, Item, StepTaken, Submission
from swarm.models.conversation import Answer, Ask, Block, Call, Usage
from swarm.models.prices import FREE
from swarm.models.routes import RouteView
from swarm.testing.engine import an_assignment
from swarm.testing.sandbox import a_sandbox

VIEW = RouteView(name="claude", protocol="anthropic", model="m", base_url="", price=FREE)
pytestmark = [pytest.mark.thorough, pytest.mark.usefixtures("whole_walls")]


class Stubborn:
    """Spoils a file and then does the same for ever; told that it was in vain, does the right thing."""

    def __init__(self, *, learns: bool) -> None:
        self._learns = learns
        self._asked = 0

    async def ask(self, ask: Ask) -> Answer:
        self._asked += 1
        words = str(ask.turns[0])
        if "got nowhere" in words and self._learns:
            new: dict[str, object] = {"path": "app.py", "content": "x = 2\n"}
            call = Call(id=str(self._asked), name="write", arguments=new)
            if len(ask.turns) > 1:
                done: dict[str, object] = {"title": "Two", "why": "It was one."}
                call = Call(id=str(self._asked), name="submit", arguments=done)
            return answer(call)
        command = "echo spoilt > other.py" if len(ask.turns) == 1 else "cat app.py"
        return answer(Call(id=str(self._asked), name="run", arguments={"command": command}))


def answer(block: Block) -> Answer:
    return Answer(blocks=(block,), stop="tools", usage=Usage(), model="m")


def worked(folder: Path, *, learns: bool) -> list[Item]:
    async def play() -> list[Item]:
        async with a_sandbox(folder, {"app.py": "x = 1\n"}, mode="namespaces") as sandbox:
            engine = ModelEngine(VIEW, Stubborn(learns=learns))
            assignment = an_assignment(mount_point=str(sandbox.root))
            work = engine.work(assignment, sandbox, (), tuple, 10**9)
            return [item async for item in work]

    return asyncio.run(play())


def test_a_second_beginning_has_the_tree_as_it_was_given(tmp_path: Path) -> None:
    items = worked(tmp_path, learns=True)
    end = items[-1]
    assert isinstance(end, Submission)
    assert end.changes.paths == (b"app.py",)
    (anew,) = [each for each in items if isinstance(each, StepTaken) and "anew" in each.action]
    assert anew.changes is not None
    assert not anew.changes


def test_who_is_stuck_twice_ends(tmp_path: Path) -> None:
    items = worked(tmp_path, learns=False)
    assert isinstance(items[-1], GaveUp)
    assert sum(isinstance(each, StepTaken) and "anew" in each.action for each in items) == 1
