"""Commands for the coordinator: left in its inbox, and known to be heard by their echo in the journal.

What a command would be refused for is asked of the same rules that the coordinator applies, so a
mistake is said at once, whether or not a coordinator is there.
"""

import secrets
from threading import Event

from swarm.actors.public_api import coordinator_alive, leave
from swarm.cli.documents import Json
from swarm.cli.session import Session, open_session
from swarm.cli.watching import Watch, find_goal
from swarm.coordination.public_api import (
    GoalState,
    HumanCommand,
    Pause,
    Play,
    Say,
    Stop,
    SubmitGoal,
    Veto,
    decide,
)
from swarm.domain.errors import Rejected
from swarm.domain.names import CommandId

PATIENCE = 20.0
"""Seconds that a living coordinator is given to answer."""

PAUSE_BETWEEN = 0.1

_nap = Event()
"""Never set: waiting for it is how this process sleeps."""


def new_command_id() -> CommandId:
    return CommandId(f"c-{secrets.token_hex(8)}")


def nap(seconds: float = PAUSE_BETWEEN) -> None:
    _nap.wait(seconds)


def give(session: Session, watch: Watch, command: HumanCommand) -> bool:
    """Leave the command and wait for its echo; whether a coordinator has heard it."""
    leave(session.places.inbox, command)
    waited = 0.0
    while waited < PATIENCE:
        watch.catch_up()
        if is_heard(watch, command):
            return True
        if not coordinator_alive(session.places):
            return is_heard(watch.catch_up(), command)
        nap()
        waited += PAUSE_BETWEEN
    return False


def is_heard(watch: Watch, command: HumanCommand) -> bool:
    if isinstance(command, SubmitGoal):
        return command.goal.goal_id in watch.goals
    state = watch.goals.get(command.goal_id)
    if state is None:
        return False
    match command:
        case Pause():
            return state.paused or state.status.is_final
        case Play():
            return not state.paused
        case Stop():
            return state.stopped
        case _:
            return command.command_id in state.commands


# The commands -----------------------------------------------------------------------------------


def say(goal: str, text: str, *, as_json: bool) -> None:
    session, watch, state = opened(goal, as_json=as_json)
    command = Say(command_id=new_command_id(), goal_id=state.goal.goal_id, text=_asked(text))
    order(session, watch, state, command, "the agents hear it at their next step")


def pause(goal: str, *, as_json: bool) -> None:
    session, watch, state = opened(goal, as_json=as_json)
    command = Pause(command_id=new_command_id(), goal_id=state.goal.goal_id)
    order(session, watch, state, command, f"paused; `swarm play {state.goal.goal_id}` goes on")


def stop(goal: str, *, as_json: bool) -> None:
    session, watch, state = opened(goal, as_json=as_json)
    command = Stop(command_id=new_command_id(), goal_id=state.goal.goal_id)
    order(session, watch, state, command, "stopped; what was done stays in the journal")


def veto(goal: str, reason: str, *, as_json: bool) -> None:
    session, watch, state = opened(goal, as_json=as_json)
    command = Veto(
        command_id=new_command_id(), goal_id=state.goal.goal_id, reason=_asked(reason)[:2_000]
    )
    order(session, watch, state, command, "vetoed; no quorum can outvote it")


def opened(goal: str, *, as_json: bool) -> tuple[Session, Watch, GoalState]:
    session = open_session(as_json=as_json)
    watch = Watch(session.places).catch_up()
    return session, watch, find_goal(watch.goals, goal)


def _asked(text: str) -> str:
    if not text.strip():
        raise Rejected("there is no text", advice="say in a sentence what you mean")
    if len(text) > 20_000:
        raise Rejected(f"the text has {len(text)} characters; 20000 are heard", advice="shorten it")
    return text.strip()


def order(
    session: Session, watch: Watch, state: GoalState, command: HumanCommand, done: str
) -> None:
    decide(state, command, session.now())
    heard = give(session, watch, command)
    told = done if heard else "left for the coordinator, which is not running: `swarm resume`"
    document: Json = {
        "goal": {"id": state.goal.goal_id, "status": watch.goals[state.goal.goal_id].status},
        "heard": heard,
        "message": told,
    }
    session.show(f"{state.goal.goal_id}: {told}", document)
