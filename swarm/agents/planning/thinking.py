"""A goal in free words as tasks, thought out by a model: one, or a few that do not need each other.

The model is asked once and proposes; what it proposes is bounded and checked here, and whatever does not
fit - no answer, no call, tasks without words - comes to the one task in the user's own words, which is
never wrong, only large.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError

from swarm.agents.planning.contracts import (
    OPEN_DIFFICULTY,
    TITLE_LENGTH,
    Suite,
    attempt_seconds,
    open_contract,
    split,
)
from swarm.domain.errors import SwarmError, Transient
from swarm.domain.frozen import Frozen
from swarm.domain.goals import Goal
from swarm.domain.names import nth_task
from swarm.domain.tasks import Contract, TaskKind
from swarm.models.public_api import Answer, Ask, Models, Text, Tool, Turn

MOST_TASKS = 6
MAX_TOKENS = 3_000
MOST_PATHS = 1_500
MOST_GUIDE = 4_000
FIRST_TASK = 2

PROMPT = "plan.2"
WEIGHTS = {"easy": 1, "usual": 2, "hard": 4}
"""Of value and budget that a part gets, by its difficulty."""

DIFFICULTIES = {"easy": 300_000, "usual": OPEN_DIFFICULTY, "hard": 800_000}


Line = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class Sketch(Frozen):
    """One task as the model proposes it."""

    title: str = Field(min_length=3, max_length=TITLE_LENGTH)
    description: str = Field(min_length=10, max_length=6_000)
    kind: Literal["bug", "feature", "refactoring", "document"]
    files: tuple[Line, ...] = Field(default=(), max_length=40)
    """Those that it will change or make, as far as can be told."""

    done_when: tuple[Line, ...] = Field(default=(), max_length=10)
    difficulty: Literal["easy", "usual", "hard"] = "usual"


class Sketches(Frozen):
    tasks: tuple[Sketch, ...] = Field(min_length=1, max_length=MOST_TASKS)


@dataclass(frozen=True, slots=True)
class Thinker:
    """Whom a planner asks, and what one answer may cost, in micro-USD."""

    models: Models
    engine: str
    limit: int


@dataclass(frozen=True, slots=True)
class Thought:
    contracts: tuple[Contract, ...]
    cost: int = 0


async def answered(
    goal: Goal, thinker: Thinker, paths: Collection[str], guides: Mapping[str, str]
) -> Answer | None:
    """What the model says; None where it says nothing. Raises Transient when it may answer later."""
    try:
        return await thinker.models.ask(question(goal, thinker, paths, guides))
    except Transient:
        raise
    except SwarmError:
        return None


def thought_of(goal: Goal, answer: Answer | None, suite: Suite) -> Thought:
    """What is made of an answer."""
    if answer is None:
        return Thought((open_contract(goal, suite),))
    return Thought(contracts_of(goal, sketches(answer), suite), answer.cost)


def question(
    goal: Goal, thinker: Thinker, paths: Collection[str], guides: Mapping[str, str]
) -> Ask:
    file = resources.files("swarm.agents.planning.prompts").joinpath(f"{PROMPT}.md")
    listing = "\n".join(sorted(paths)[:MOST_PATHS])
    told = [f"# Goal\n{goal.text}", _data("files", listing)]
    told += [_data(name, text[:MOST_GUIDE]) for name, text in sorted(guides.items())]
    return Ask(
        engine=thinker.engine,
        purpose="plan",
        account=nth_task(goal.goal_id, 1),
        cap=thinker.limit,
        limit=thinker.limit,
        system=file.read_text(encoding="utf-8").replace("{most}", str(MOST_TASKS)),
        turns=(Turn(speaker="user", blocks=(Text(text="\n\n".join(told)),)),),
        tools=(
            Tool(name="plan", description="The tasks.", parameters=Sketches.model_json_schema()),
        ),
        max_tokens=MAX_TOKENS,
    )


def _data(source: str, text: str) -> str:
    inside = text.replace("</data", "<\\/data").replace("<data", "<\\data")
    return f'<data source="{source}">\n{inside}\n</data>'


def sketches(answer: Answer) -> tuple[Sketch, ...]:
    """What the model proposed; nothing when that cannot be used."""
    for call in answer.calls:
        if call.name == "plan" and not call.broken:
            try:
                # A word too much spoils no plan.
                return Sketches.model_validate(call.arguments, extra="ignore").tasks
            except ValidationError:
                return ()
    return ()


def contracts_of(goal: Goal, proposed: Sequence[Sketch], suite: Suite) -> tuple[Contract, ...]:
    """One task keeps the user's own words; several have the model's, with the user's behind them. Parts
    that would change the same file need each other, so that splitting does not pay.
    """
    if len(proposed) < 2 or _overlap(proposed):
        whole = open_contract(goal, suite)
        features = whole.features
        for each in proposed:
            features = features | _features(each)
        return (whole.model_copy(update={"features": features}),)
    weights = [WEIGHTS[each.difficulty] for each in proposed]
    values, budgets = split(goal.value, weights), split(goal.budget * 4 // 5, weights)
    return tuple(
        Contract(
            task_id=nth_task(goal.goal_id, FIRST_TASK + at),
            goal_id=goal.goal_id,
            kind=TaskKind.WRITE,
            title=" ".join(each.title.split()),
            description=_described(each, goal),
            value=values[at],
            budget=budgets[at],
            seconds=attempt_seconds(goal.seconds, len(proposed), goal.writers),
            difficulty=DIFFICULTIES[each.difficulty],
            features=open_contract(goal, suite).features | _features(each),
        )
        for at, each in enumerate(proposed)
    )


def _overlap(proposed: Sequence[Sketch]) -> bool:
    """Whether two of them name the same file."""
    named = [
        name.strip().removeprefix("./") for each in proposed for name in dict.fromkeys(each.files)
    ]
    return len(named) > len(set(named))


def _described(sketch: Sketch, goal: Goal) -> str:
    told = [sketch.description]
    if sketch.done_when:
        told.append("Done when:\n" + "\n".join(f"- {line}" for line in sketch.done_when))
    if sketch.files:
        told.append(f"Most likely in: {', '.join(sketch.files)}")
    told.append(f"This is a part of a goal; others do the rest:\n{goal.text}")
    return "\n\n".join(told)


def _features(sketch: Sketch) -> dict[str, int]:
    return {"needs_test": 1} if sketch.kind in ("bug", "feature") else {}
