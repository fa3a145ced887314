"""What people and agents may ask for. A command sent twice has no second effect.

People's commands carry an id of their own. An agent's message is known by its attempt and epoch: the
epoch is the fencing token, and whoever holds an old one is told so.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from swarm.domain.ballots import Ballot
from swarm.domain.evidence import CheckReport
from swarm.domain.frozen import Frozen
from swarm.domain.goals import Goal
from swarm.domain.money import MicroUsd
from swarm.domain.names import AttemptId, CommandId, Digest, GoalId, TestId, TreeHash
from swarm.domain.tasks import MOST_PARTS, Checkpoint, Contract, Part, Step

# From people ------------------------------------------------------------------------------------


class SubmitGoal(Frozen):
    type: Literal["submit"] = "submit"
    command_id: CommandId
    goal: Goal


class Say(Frozen):
    type: Literal["say"] = "say"
    command_id: CommandId
    goal_id: GoalId
    text: str = Field(min_length=1, max_length=20_000)


class Pause(Frozen):
    type: Literal["pause"] = "pause"
    command_id: CommandId
    goal_id: GoalId


class Play(Frozen):
    type: Literal["play"] = "play"
    command_id: CommandId
    goal_id: GoalId


class Stop(Frozen):
    type: Literal["stop"] = "stop"
    command_id: CommandId
    goal_id: GoalId


class RollBack(Frozen):
    type: Literal["roll_back"] = "roll_back"
    command_id: CommandId
    goal_id: GoalId
    step: int = Field(ge=1)


class Replay(Frozen):
    """Begin `new` where the goal was at that step."""

    type: Literal["replay"] = "replay"
    command_id: CommandId
    goal_id: GoalId
    step: int = Field(ge=1)
    new: GoalId


class Veto(Frozen):
    type: Literal["veto"] = "veto"
    command_id: CommandId
    goal_id: GoalId
    reason: str = Field(max_length=2_000)


HumanCommand = Annotated[
    SubmitGoal | Say | Pause | Play | Stop | RollBack | Replay | Veto, Field(discriminator="type")
]
HUMAN_COMMAND: TypeAdapter[HumanCommand] = TypeAdapter(HumanCommand)

# From agents ------------------------------------------------------------------------------------


class FromAgent(Frozen):
    attempt_id: AttemptId
    epoch: int


class RecordStep(FromAgent):
    """What an agent has heard belongs to the step that it did next: if it dies before, it hears it again."""

    step: Step
    guided: int = 0
    """So many of the goal's guiding texts the agent had taken when the step was done."""

    held: int = 0
    """So many its host has; the answer to this message brings the others."""


class ReportPlan(FromAgent):
    contracts: tuple[Contract, ...]
    base_run: Digest
    voided: tuple[TestId, ...]
    refusal: str
    prompt: str = ""
    spent: MicroUsd


class SubmitWork(FromAgent):
    tree: TreeHash
    title: str
    why: str
    alternatives: tuple[str, ...]
    touched: tuple[str, ...]
    spent: MicroUsd


class GiveUp(FromAgent):
    reason: str
    spent: MicroUsd


class SplitTask(FromAgent):
    """The task is too large for one; others do the parts."""

    reason: str
    parts: tuple[Part, ...] = Field(min_length=2, max_length=MOST_PARTS)
    spent: MicroUsd


class Ask(FromAgent):
    """A human is to say something before the work can go on."""

    text: str = Field(min_length=1, max_length=20_000)
    spent: MicroUsd
    tree: TreeHash | None = None
    """The working tree, where it changed since the last step."""

    checkpoint: Checkpoint | None = None


class Fail(FromAgent):
    error: str
    message: str
    trace: str
    spent: MicroUsd


class ReportCheck(FromAgent):
    report: CheckReport
    ballot: Ballot | None
    spent: MicroUsd


AgentCommand = RecordStep | ReportPlan | SubmitWork | Ask | GiveUp | SplitTask | Fail | ReportCheck

# From the shell ---------------------------------------------------------------------------------


class ExpireLease(Frozen):
    """The shell's clock says that nothing was heard of this lease for its whole duration."""

    attempt_id: AttemptId
    epoch: int
    reason: str


Command = HumanCommand | AgentCommand | ExpireLease
