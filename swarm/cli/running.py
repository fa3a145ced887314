"""Submit goals, see that somebody works on them, follow them to their end."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Group, RenderableType

from swarm.actors.public_api import coordinator_alive, leave, remarks, waiting
from swarm.cli.documents import Json, goal_document
from swarm.cli.ending import NextSteps, ending, next_steps
from swarm.cli.environment import builder
from swarm.cli.failing import DONE, FAILED, INTERRUPTED, LACKS, SPENT, WAITS
from swarm.cli.keeping import Keeper
from swarm.cli.options import Runtime
from swarm.cli.orders import give, nap, new_command_id
from swarm.cli.proposals import body_of, proposal_of, walls_of
from swarm.cli.screens import Screen, open_screen
from swarm.cli.session import Session, open_session
from swarm.cli.starting import Asked, goal_of
from swarm.cli.watching import Watch, find_goal
from swarm.cli.words import legible
from swarm.coordination.public_api import (
    GoalState,
    Pause,
    Play,
    Replay,
    RollBack,
    Say,
    SubmitGoal,
)
from swarm.domain.errors import Rejected
from swarm.domain.goals import Goal, GoalStatus
from swarm.domain.names import GoalId


def run_goal(asked: Asked, *, estimate: bool, detach: bool, as_json: bool) -> int:
    session = open_session(as_json=as_json)
    goal = goal_of(asked, session.settings, builder(session, asked.build))
    if estimate:
        from swarm.cli.estimating import show_estimate

        return show_estimate(session, goal)
    session = open_session(as_json=as_json, make=True)
    for remark in remarks(Path(goal.repository)):
        session.say(f"note: {legible(remark)}", "yellow")
    keeper = Keeper(session.places, asked.runtime, asked.address, early=asked.early)
    if detach:
        return _detached(session, keeper, goal)
    return submit(session, goal, keeper)


def submit(session: Session, goal: Goal, keeper: Keeper, next_steps: NextSteps = next_steps) -> int:
    """Hand the goal in, follow it, and show what came of it and what may come next."""
    watch = _handed_in(session, goal)
    return shown_to_the_end(session, watch, keeper, goal.goal_id, next_steps)


def shown_to_the_end(
    session: Session,
    watch: Watch,
    keeper: Keeper,
    goal_id: GoalId,
    next_steps: NextSteps = next_steps,
) -> int:
    """Follow a goal that was just handed in, and show what came of it."""
    code = follow(session, watch, keeper, (goal_id,))
    state = watch.goals.get(goal_id)
    if state is None:
        return code
    session.show(*_ended(session, watch, state, next_steps))
    return code or code_of(state)


def _handed_in(session: Session, goal: Goal) -> Watch:
    watch = Watch(session.places).catch_up()
    leave(session.places.inbox, SubmitGoal(command_id=new_command_id(), goal=goal))
    return watch


def resume_goals(name: str | None, runtime: Runtime, address: str | None, *, as_json: bool) -> int:
    """Play what is paused, and follow everything that is open."""
    session = open_session(as_json=as_json)
    watch = Watch(session.places).catch_up()
    states = _resumable(watch, name)
    handed_in = () if name else tuple(_not_taken_up(session, watch))
    if not states and not handed_in:
        session.show("Nothing is open or paused.", {"goals": []})
        return DONE
    for state in states:
        if state.paused:
            goal_id = state.goal.goal_id
            leave(session.places.inbox, Play(command_id=new_command_id(), goal_id=goal_id))
    goals = (*(state.goal.goal_id for state in states), *handed_in)
    code = follow(session, watch, Keeper(session.places, runtime, address), goals, played=True)
    return code or _show_all(session, watch, goals)


def _not_taken_up(session: Session, watch: Watch) -> Iterator[GoalId]:
    """Goals that were handed in, or called back from their end, and that no coordinator has lived to
    read of.
    """
    for _, command in waiting(session.places.inbox):
        match command:
            case SubmitGoal() if command.goal.goal_id not in watch.goals:
                yield command.goal.goal_id
            case Replay() if command.new not in watch.goals:
                yield command.new
            case RollBack() if watch.goals[command.goal_id].status.is_final:
                yield command.goal_id


def serve_here(runtime: Runtime, address: str | None) -> int:
    """A coordinator in the foreground, until Ctrl-C."""
    from swarm.cli.serving import serve

    return serve(open_session(make=True), runtime, address)


# Following --------------------------------------------------------------------------------------


def follow(
    session: Session,
    watch: Watch,
    keeper: Keeper,
    goals: tuple[GoalId, ...],
    *,
    played: bool = False,
) -> int:
    """Show what happens until all the goals have ended or stand still; 130 when interrupted.

    `played`: a *play* is on its way, so a goal that is still paused is about to go on.
    """
    try:
        with open_screen(session, several=len(goals) > 1) as screen:
            _follow(session, watch, keeper, goals, screen, played=played)
    except KeyboardInterrupt:
        return _interrupted(session, watch, goals)
    return DONE


def _follow(
    session: Session,
    watch: Watch,
    keeper: Keeper,
    goals: tuple[GoalId, ...],
    screen: Screen,
    *,
    played: bool,
) -> None:
    asleep = {n for n in goals if played and n in watch.goals and _rests(watch.goals[n])}
    while True:
        for news in watch.news():
            if news.event.goal_id in goals or news.event.goal_id is None:
                screen.tell(news)
        screen.draw(watch, goals)
        asleep = {name for name in asleep if _is_about_to_go_on(session, watch.goals[name])}
        stand = all(_stands(watch.goals.get(name), name in asleep) for name in goals)
        # A coordinator that stays holds what is paused, frozen: `swarm play` goes on right here.
        if stand and not (_waits_here(watch, goals) and coordinator_alive(session.places)):
            return
        keeper.keep()
        nap()


def _waits_here(watch: Watch, goals: tuple[GoalId, ...]) -> bool:
    known = (watch.goals.get(name) for name in goals)
    return any(state is not None and state.only_waits for state in known)


def _rests(state: GoalState) -> bool:
    return state.status.is_final or state.only_waits


def _is_about_to_go_on(session: Session, state: GoalState) -> bool:
    """It is still paused though a *play* is on its way, or what was said is still to be heard."""
    if state.paused or not _rests(state):
        return state.paused
    mail = (command for _, command in waiting(session.places.inbox))
    return any(
        isinstance(each, Say | RollBack) and each.goal_id == state.goal.goal_id for each in mail
    )


def _stands(state: GoalState | None, about_to_go_on: bool) -> bool:
    return state is not None and _rests(state) and not about_to_go_on


def _interrupted(session: Session, watch: Watch, goals: tuple[GoalId, ...]) -> int:
    """Pause what is open, durably, so that `swarm resume` goes on exactly here."""
    session.say("\nPausing… (Ctrl-C again leaves at once; the work then goes on by itself)")
    try:
        for name in goals:
            state = watch.goals.get(name)
            if state is None or not state.status.is_final:
                give(session, watch, Pause(command_id=new_command_id(), goal_id=name))
    except KeyboardInterrupt:
        return INTERRUPTED
    open_ = [n for n in goals if n not in watch.goals or not watch.goals[n].status.is_final]
    if open_:
        session.say(f"Paused: {', '.join(open_)}. To go on: swarm resume")
    return INTERRUPTED


def _detached(session: Session, keeper: Keeper, goal: Goal) -> int:
    """Come back when the goal is in the journal: from then on it cannot be lost."""
    watch = _handed_in(session, goal)
    while goal.goal_id not in watch.catch_up().goals:
        keeper.keep()
        nap()
    told = f"{goal.goal_id} is taken up. Watch it: swarm log {goal.goal_id} --follow"
    session.show(told, {"goal": {"id": goal.goal_id, "text": goal.text, "status": "queued"}})
    return DONE


def _resumable(watch: Watch, name: str | None) -> tuple[GoalState, ...]:
    if name is None:
        return tuple(state for state in watch.goals.values() if not state.status.is_final)
    state = find_goal(watch.goals, name)
    if state.status.is_final:
        raise Rejected(
            f"goal {state.goal.goal_id} has ended ({state.status}: {state.reason})",
            advice=f"see it: swarm show {state.goal.goal_id}",
        )
    return (state,)


# Endings ----------------------------------------------------------------------------------------


def code_of(state: GoalState) -> int:
    """The exit code that says how a goal stands."""
    if state.cause in ("budget", "time"):
        return SPENT
    if state.cause == "environment":
        return LACKS
    if state.status is GoalStatus.DONE:
        return DONE
    waits = state.status in (GoalStatus.BLOCKED, GoalStatus.PAUSED, GoalStatus.WAITING)
    return WAITS if waits else FAILED


def _ended(
    session: Session, watch: Watch, state: GoalState, next_steps: NextSteps = next_steps
) -> tuple[RenderableType, Json]:
    now = session.now()
    proposal = proposal_of(session.places, state)
    view = ending(state, now, proposal, next_steps(state))
    return view, _document(session, watch, state, now)


def _document(session: Session, watch: Watch, state: GoalState, now: int) -> Json:
    return goal_document(
        state,
        now,
        body=body_of(session.places, state),
        runtime=watch.runtime,
        walls=walls_of(session.places, state),
    )


def _show_all(session: Session, watch: Watch, goals: Iterable[GoalId]) -> int:
    states = [watch.goals[name] for name in goals]
    shown = [_ended(session, watch, state) for state in states]
    session.show(Group(*(view for view, _ in shown)), {"goals": [doc for _, doc in shown]})
    return max(code_of(state) for state in states)
