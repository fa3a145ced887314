"""The scripted engine keeps the law of engines: what passes with it would pass with any."""

import asyncio
from pathlib import Path
from typing import cast

from swarm.domain.changes import Changes, Written
from swarm.engines.port import Assignment, Done, GaveUp, Item, StepTaken, Submission
from swarm.sandbox.public_api import Sandbox
from swarm.testing.engine import ScriptedEngine, an_assignment

NO_SANDBOX = cast("Sandbox", None)
"""The scripted engine never looks at it."""


def a_submission(text: bytes) -> Submission:
    return Submission(Changes((Written(b"a.py", "100644", text),)), title="Fix a", why="because")


def a_step(number: int, cost: int = 10) -> StepTaken:
    return StepTaken(f"step {number}", result=b"%d" % number, cost=cost, seconds=1.0)


SCRIPT = (a_step(1), a_step(2), a_submission(b"1"), a_submission(b"2"))


def played(
    engine: ScriptedEngine,
    assignment: Assignment | None = None,
    done: tuple[Done, ...] = (),
    guidance: tuple[str, ...] = (),
    budget: int = 100,
) -> list[Item]:
    async def play() -> list[Item]:
        work = engine.work(
            assignment or an_assignment(), NO_SANDBOX, done, lambda: guidance, budget
        )
        return [item async for item in work]

    return asyncio.run(play())


def test_steps_come_in_order_and_then_exactly_one_end() -> None:
    assert played(ScriptedEngine(SCRIPT)) == list(SCRIPT[:3])


def test_a_finished_step_is_not_played_again() -> None:
    engine = ScriptedEngine(SCRIPT)
    assert played(engine, done=(Done(1, "step 1", b"1"),)) == list(SCRIPT[1:3])
    assert [number for _, number in engine.played] == [2]


def test_a_refused_submission_gives_way_to_the_next() -> None:
    refused = an_assignment(refused=(a_submission(b"1").changes,))
    assert played(ScriptedEngine(SCRIPT), refused)[-1] == a_submission(b"2")


def test_nothing_left_to_submit_is_an_honest_end() -> None:
    refused = an_assignment(refused=(a_submission(b"1").changes, a_submission(b"2").changes))
    assert isinstance(played(ScriptedEngine(SCRIPT), refused)[-1], GaveUp)


def test_it_gives_up_before_it_would_spend_more_than_its_budget() -> None:
    items = played(ScriptedEngine(SCRIPT), budget=19)
    assert items == [a_step(1), GaveUp("the budget is spent")]


def test_guidance_is_recorded_in_the_steps_action() -> None:
    first = played(ScriptedEngine(SCRIPT), guidance=("be quick",))[0]
    assert isinstance(first, StepTaken)
    assert first.action == "step 1 (told: be quick)"


def test_a_script_may_depend_on_the_assignment(tmp_path: Path) -> None:
    engine = ScriptedEngine(lambda work: [GaveUp(work.environment.mount_point)])
    assert played(engine, an_assignment(mount_point=str(tmp_path))) == [GaveUp(str(tmp_path))]
