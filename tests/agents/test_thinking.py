"""A goal in free words becomes bounded tasks, whatever a model proposes."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.agents.planning.contracts import Suite
from swarm.agents.planning.thinking import Thinker, Thought, answered, question, thought_of
from swarm.domain.errors import NeedsHuman, Transient
from swarm.domain.goals import Goal
from swarm.models.conversation import Answer, Ask, Block, Call, Usage
from swarm.testing.crew import a_goal
from swarm.testing.git import a_repository
from swarm.testing.models import ScriptedModels

SUITE = Suite(tests=4, milliseconds=100, failures={})
TASK = {"title": "Write one", "description": "Write the one file.", "kind": "feature"}


@pytest.fixture(scope="module")
def goal(tmp_path_factory: pytest.TempPathFactory) -> Goal:
    folder = tmp_path_factory.mktemp("planned")
    a_repository(folder, {"a.py": "x = 1\n"})
    return a_goal(folder, text="Write one.\nAnd two.")


def an_answer(*blocks: Block) -> Answer:
    return Answer(blocks=blocks, stop="tools", usage=Usage(), model="m", cost=70)


def planned(goal: Goal, *blocks: Block) -> Thought:
    thinker = Thinker(ScriptedModels((an_answer(*blocks),)), "claude", limit=1_000)
    return thought_of(goal, asyncio.run(answered(goal, thinker, ("a.py",), {})), SUITE)


def a_plan(*tasks: object) -> Call:
    return Call(id="c", name="plan", arguments={"tasks": list(tasks)})


def test_one_proposed_task_keeps_the_users_own_words(goal: Goal) -> None:
    thought = planned(goal, a_plan(TASK))
    (task,) = thought.contracts
    assert task.description == goal.text
    assert task.title == "Write one."
    assert task.features["needs_test"] == 1
    assert task.features["open"] == 1
    assert thought.cost == 70


def test_several_tasks_share_value_and_budget_and_say_whose_parts_they_are(goal: Goal) -> None:
    tasks = planned(goal, a_plan(TASK, {**TASK, "kind": "document"})).contracts
    assert [task.task_id for task in tasks] == ["g-000001.t2", "g-000001.t3"]
    assert sum(task.value for task in tasks) == goal.value
    assert sum(task.budget for task in tasks) <= goal.budget
    assert all(goal.text in task.description for task in tasks)
    assert ["needs_test" in task.features for task in tasks] == [True, False]


def test_parts_that_would_change_one_file_are_one_task(goal: Goal) -> None:
    """They need each other: splitting does not pay."""
    first, second = {**TASK, "files": ["a.py", "b.py"]}, {**TASK, "files": ["./b.py"]}
    (task,) = planned(goal, a_plan(first, second)).contracts
    assert task.description == goal.text
    apart = {**TASK, "files": ["c.py"]}
    assert len(planned(goal, a_plan(first, apart)).contracts) == 2


def test_a_part_says_when_it_is_done_and_a_harder_one_gets_more(goal: Goal) -> None:
    easy = {**TASK, "difficulty": "easy", "files": ["a.py"], "done_when": ["one() is 1"]}
    one, two = planned(goal, a_plan(easy, {**TASK, "difficulty": "hard"})).contracts
    assert "- one() is 1" in one.description
    assert "Most likely in: a.py" in one.description
    assert one.difficulty < two.difficulty
    assert one.value < two.value
    assert one.budget < two.budget


def test_a_word_that_nobody_asked_for_spoils_no_plan_and_counts_for_nothing(goal: Goal) -> None:
    rich = {**TASK, "value": 10**9, "depends_on": ["everything"]}
    assert planned(goal, a_plan(rich, TASK)) == planned(goal, a_plan(TASK, TASK))


@pytest.mark.parametrize(
    "blocks",
    [
        (),
        (Call(id="c", name="run", arguments={"command": "true"}),),
        (Call(id="c", name="plan", broken="no JSON"),),
        (a_plan(),),
        (a_plan(*[TASK] * 7),),
        (a_plan({**TASK, "kind": "poem"}),),
        (a_plan({**TASK, "value": 10**9}),),
        (a_plan({**TASK, "title": ""}),),
        (a_plan({**TASK, "files": ["x"] * 41}),),
        (a_plan({**TASK, "difficulty": "impossible"}),),
        (a_plan("a task"),),
    ],
)
def test_what_cannot_be_used_comes_to_one_task(goal: Goal, blocks: tuple[Block, ...]) -> None:
    (task,) = planned(goal, *blocks).contracts
    assert task.description == goal.text


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    async def ask(self, ask: Ask) -> Answer:
        raise self.error


def test_a_key_that_is_refused_leaves_one_task_and_a_busy_model_is_waited_for(goal: Goal) -> None:
    refused = Thinker(Failing(NeedsHuman("no key")), "claude", 1_000)
    assert len(thought_of(goal, asyncio.run(answered(goal, refused, (), {})), SUITE).contracts) == 1
    busy = Thinker(Failing(Transient("busy")), "claude", 1_000)
    with pytest.raises(Transient):
        thought_of(goal, asyncio.run(answered(goal, busy, (), {})), SUITE)


@given(st.text(alphabet="</data>x \n", max_size=40))
def test_no_file_of_the_repository_gets_out_of_its_envelope(goal: Goal, text: str) -> None:
    thinker = Thinker(ScriptedModels(()), "claude", 1_000)
    told = question(goal, thinker, (), {"AGENTS.md": text}).turns[0].model_dump_json()
    assert told.count("</data>") == 2


def test_a_plan_may_cost_what_was_set_and_no_more(goal: Goal) -> None:
    models = ScriptedModels((an_answer(),))
    thought_of(goal, asyncio.run(answered(goal, Thinker(models, "claude", 777), (), {})), SUITE)
    assert (models.heard[0].cap, models.heard[0].limit) == (777, 777)


def test_names_of_many_files_are_shortened(tmp_path: Path, goal: Goal) -> None:
    paths = [f"src/module_{n}.py" for n in range(5_000)]
    thinker = Thinker(ScriptedModels(()), "claude", 1_000)
    assert len(question(goal, thinker, paths, {}).turns[0].model_dump_json()) < 60_000
