"""Go back to a step of a goal, or begin another goal there."""

from swarm.actors.public_api import leave
from swarm.cli.keeping import Keeper
from swarm.cli.options import Runtime
from swarm.cli.orders import new_command_id, opened, order
from swarm.cli.running import shown_to_the_end
from swarm.cli.session import Session
from swarm.cli.starting import new_goal_id
from swarm.cli.words import count, legible
from swarm.coordination.public_api import GoalState, Replay, RollBack, decide, lineage


def roll_back(goal: str, step: int, *, as_json: bool) -> None:
    session, watch, state = opened(goal, as_json=as_json)
    goal_id = state.goal.goal_id
    command = RollBack(command_id=new_command_id(), goal_id=goal_id, step=step)
    decide(state, command, session.now())
    order(session, watch, state, command, _told(state, step))


def _told(state: GoalState, step: int) -> str:
    standing = lineage(state.marks, state.now_at)
    undone = len(set(standing) - set(lineage(state.marks, step)))
    action = legible(state.marks[step - 1].step.action, 100)
    return f"back at step {step} ({action}); {count(undone, 'step')} undone, it goes on from there"


def replay(goal: str, step: int, runtime: Runtime, address: str | None, *, as_json: bool) -> int:
    session, watch, state = opened(goal, as_json=as_json)
    command = Replay(
        command_id=new_command_id(), goal_id=state.goal.goal_id, step=step, new=new_goal_id()
    )
    decide(state, command, session.now())
    leave(session.places.inbox, command)
    _say(session, state, command)
    keeper = Keeper(session.places, runtime, address)
    return shown_to_the_end(session, watch, keeper, command.new)


def _say(session: Session, state: GoalState, command: Replay) -> None:
    action = legible(state.marks[command.step - 1].step.action, 100)
    session.say(
        f"{command.new} begins where {command.goal_id} was at step {command.step}: {action}"
    )
