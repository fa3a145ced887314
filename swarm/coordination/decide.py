"""What a command leads to: events, nothing (it was heard before), or a refusal.

Answers for what can go wrong on the way here:

    a command that was heard before                 nothing happens
    a message from a lost lease or an old epoch     Rejected: "the lease is lost"; the sender stops
    a step that is already recorded                 nothing happens, if it is the same step
    a step out of order                             Rejected: the sender is told which one is next
    a result for an attempt that has its result     nothing happens, if it is the same result
    anything for a goal that has ended              Rejected, but for a veto of its open pull request
    a plan that is no plan, or money below zero     Rejected
    more spent than was reserved                    the reservation is charged, never more
"""

from collections.abc import Iterator

from swarm.coordination.commands import (
    AgentCommand,
    Ask,
    Command,
    ExpireLease,
    Fail,
    GiveUp,
    Pause,
    Play,
    RecordStep,
    Replay,
    ReportCheck,
    ReportPlan,
    RollBack,
    Say,
    SplitTask,
    Stop,
    SubmitGoal,
    SubmitWork,
    Veto,
)
from swarm.coordination.state import Attempt, GoalState
from swarm.domain.errors import Exhausted, Rejected
from swarm.domain.events import (
    AttemptFailed,
    CheckReported,
    Event,
    GoalGuided,
    GoalPaused,
    GoalPlayed,
    GoalReplayed,
    GoalRolledBack,
    GoalStopped,
    GoalSubmitted,
    GoalVetoed,
    GuidanceDelivered,
    LeaseExpired,
    PlanMade,
    QuestionAsked,
    StepRecorded,
    TaskAnnounced,
    TaskDropped,
    WorkGivenUp,
    WorkSubmitted,
)
from swarm.domain.names import GoalId, TaskId, goal_of, nth_task
from swarm.domain.tasks import Contract, Part, TaskKind

Events = tuple[Event, ...]

PART = "part"
"""The feature of a contract that came from splitting another."""

MOST_TASKS = 8
"""In one plan."""


def goal_named(command: Command) -> GoalId:
    """Which goal a command is about."""
    match command:
        case SubmitGoal():
            return command.goal.goal_id
        case Say() | Pause() | Play() | Stop() | RollBack() | Replay() | Veto():
            return command.goal_id
        case _:
            return goal_of(command.attempt_id)


def decide(state: GoalState | None, command: Command, at: int) -> Events:
    """Raises Rejected where the command cannot be obeyed, Exhausted where money is the reason."""
    if isinstance(command, SubmitGoal):
        return _submit(state, command, at)
    if state is None:
        raise Rejected(
            f"there is no goal {goal_named(command)}", advice="`swarm show` lists the goals"
        )
    match command:
        case RollBack() | Replay():
            return _return(state, command, at)
        case Say() | Pause() | Play() | Stop() | Veto():
            return _obey(state, command, at)
        case ExpireLease():
            return _expire(state, command, at)
        case _:
            return _hear(state, command, at)


def _submit(state: GoalState | None, command: SubmitGoal, at: int) -> Events:
    goal = command.goal
    if state is not None:
        if state.goal == goal:
            return ()
        raise Rejected(f"the id {goal.goal_id} is taken by another goal")
    return (GoalSubmitted(at=at, goal_id=goal.goal_id, goal=goal),)


def _return(state: GoalState, command: RollBack | Replay, at: int) -> Events:
    if command.command_id in state.commands:
        return ()
    goal_id, step = state.goal.goal_id, command.step
    if step > len(state.marks):
        raise Rejected(
            f"goal {goal_id} has {len(state.marks)} steps, there is no step {step}",
            advice=f"its steps by number: swarm show {goal_id}",
        )
    if isinstance(command, Replay):
        new, command_id = command.new, command.command_id
        return (GoalReplayed(at=at, goal_id=new, command_id=command_id, of=goal_id, step=step),)
    _demand_nothing_outside(state, step)
    expired = (
        _expired(state, attempt, f"a human went back to step {step}", at)
        for attempt in state.live()
    )
    back = GoalRolledBack(at=at, goal_id=goal_id, command_id=command.command_id, step=step)
    return (*expired, back)


def _demand_nothing_outside(state: GoalState, step: int) -> None:
    """What others may have seen already cannot be undone."""
    goal_id = state.goal.goal_id
    if state.intended is not None or state.before is not None:
        raise Rejected(
            f"goal {goal_id} has a pull request already, or is about to open it",
            advice=f"begin another goal there: swarm replay {goal_id} --from {step}",
        )
    if state.vetoed:
        raise Rejected(
            f"goal {goal_id} was vetoed ({state.vetoed})",
            advice=f"begin another goal there: swarm replay {goal_id} --from {step}",
        )


def _obey(state: GoalState, command: Say | Pause | Play | Stop | Veto, at: int) -> Events:
    """Even what changes nothing now is recorded: heard again later, it would change something."""
    if command.command_id in state.commands:
        return ()
    goal_id, command_id = state.goal.goal_id, command.command_id
    if state.status.is_final and not (isinstance(command, Veto) and state.is_undecided):
        raise Rejected(f"goal {goal_id} has ended ({state.status}: {state.reason})")
    match command:
        case Say():
            return (GoalGuided(at=at, goal_id=goal_id, command_id=command_id, text=command.text),)
        case Pause():
            return (GoalPaused(at=at, goal_id=goal_id, command_id=command_id),)
        case Play():
            return (GoalPlayed(at=at, goal_id=goal_id, command_id=command_id),)
        case Stop():
            return (GoalStopped(at=at, goal_id=goal_id, command_id=command_id),)
        case Veto():
            return (
                GoalVetoed(at=at, goal_id=goal_id, command_id=command_id, reason=command.reason),
            )


def _expire(state: GoalState, command: ExpireLease, at: int) -> Events:
    attempt = state.attempts.get(command.attempt_id)
    if attempt is None or not attempt.is_live or attempt.epoch != command.epoch:
        return ()
    return (_expired(state, attempt, command.reason, at),)


def _expired(state: GoalState, attempt: Attempt, reason: str, at: int) -> LeaseExpired:
    goal_id, attempt_id = state.goal.goal_id, attempt.attempt_id
    return LeaseExpired(at=at, goal_id=goal_id, attempt_id=attempt_id, reason=reason)


# Agents' messages -------------------------------------------------------------------------------


def _hear(state: GoalState, command: AgentCommand, at: int) -> Events:
    attempt = state.attempts.get(command.attempt_id)
    if attempt is None or attempt.epoch != command.epoch:
        raise Rejected("the lease is lost: another award is in force")
    if not attempt.is_live:
        if _is_repeated(attempt, command):
            return ()
        raise Rejected(f"the lease is lost: the attempt has ended ({attempt.outcome})")
    if state.status.is_final:
        raise Rejected(f"goal {state.goal.goal_id} has ended ({state.status}: {state.reason})")
    match command:
        case RecordStep():
            return _record(state, attempt, command, at)
        case ReportPlan():
            return _plan(state, attempt, command, at)
        case SplitTask():
            return _split(state, attempt, command, at)
        case _:
            return (_result(state, attempt, command, at),)


def _is_repeated(attempt: Attempt, command: AgentCommand) -> bool:
    """Whether this is what ended the attempt, sent once more."""
    match command:
        case RecordStep():
            return command.step in attempt.steps
        case SubmitWork():
            return attempt.tree == command.tree
        case ReportCheck():
            return attempt.report == command.report
        case Ask():
            return attempt.question == command.text
        case ReportPlan():
            return attempt.outcome == "accepted"
        case GiveUp() | SplitTask():
            return attempt.outcome == "gave-up"
        case Fail():
            return attempt.outcome == "failed"


def _record(state: GoalState, attempt: Attempt, command: RecordStep, at: int) -> Events:
    step = command.step
    if step in attempt.steps:
        return ()
    expected = len(attempt.steps) + 1
    if step.number != expected:
        raise Rejected(f"step {step.number} is out of order: step {expected} is next")
    if step.cost < 0:
        raise Rejected(f"step {step.number} cannot cost less than nothing ({step.cost})")
    if attempt.spent + step.cost > attempt.reserved:
        raise Exhausted(f"the reservation of attempt {attempt.attempt_id} is spent")
    goal_id, attempt_id = state.goal.goal_id, attempt.attempt_id
    heard = tuple(_heard(state, attempt, command.guided, at))
    return (*heard, StepRecorded(at=at, goal_id=goal_id, attempt_id=attempt_id, step=step))


def _heard(state: GoalState, attempt: Attempt, upto: int, at: int) -> Iterator[Event]:
    """What was said belongs to the step that the agent did next: both are on record, or neither is."""
    if upto > len(state.guidance):
        raise Rejected("there is no such guidance")
    if upto > attempt.guided:
        yield GuidanceDelivered(
            at=at, goal_id=state.goal.goal_id, attempt_id=attempt.attempt_id, upto=upto
        )


def _plan(state: GoalState, attempt: Attempt, command: ReportPlan, at: int) -> Events:
    """The plan and the announcement of its tasks are one: there is no plan half announced."""
    _require(_kind(state, attempt) is TaskKind.PLAN, "a plan", _kind(state, attempt))
    if not command.contracts and not command.refusal:
        raise Rejected("a plan has tasks, or says why there are none")
    _check_contracts(state, command.contracts)
    goal_id = state.goal.goal_id
    made = PlanMade(
        at=at,
        goal_id=goal_id,
        attempt_id=attempt.attempt_id,
        contracts=command.contracts,
        base_run=command.base_run,
        voided=command.voided,
        refusal=command.refusal,
        prompt=command.prompt,
        spent=_charged(attempt, command.spent),
    )
    announced = (
        TaskAnnounced(at=at, goal_id=goal_id, contract=contract) for contract in command.contracts
    )
    return (made, *announced)


def _split(state: GoalState, attempt: Attempt, command: SplitTask, at: int) -> Events:
    """The attempt ends, its task is gone, and its parts are announced: all of it or nothing."""
    task, goal_id = state.tasks[attempt.task_id], state.goal.goal_id
    _require(_kind(state, attempt) is TaskKind.WRITE, "parts", _kind(state, attempt))
    if PART in task.contract.features:
        raise Rejected("a part of a task is split no further")
    if task.contract.targets:
        raise Rejected(
            "a task with tests that have to pass is not split: none of its parts has them"
        )
    others = sum(state.attempts[a].spent for a in task.attempts if a != attempt.attempt_id)
    spent = _charged(attempt, command.spent)
    left = max(task.contract.budget - others - spent, 0)
    contracts = _parts(state, task.contract, command.parts, left)
    names = tuple(contract.task_id for contract in contracts)
    reason = f"split into {', '.join(name.rpartition('.')[2] for name in names)}: {command.reason}"
    given_up = WorkGivenUp(
        at=at, goal_id=goal_id, attempt_id=attempt.attempt_id, reason=reason, spent=spent
    )
    dropped = TaskDropped(
        at=at, goal_id=goal_id, task_id=task.contract.task_id, reason=reason, parts=names
    )
    announced = (TaskAnnounced(at=at, goal_id=goal_id, contract=each) for each in contracts)
    return (given_up, dropped, *announced)


def _parts(
    state: GoalState, whole: Contract, parts: tuple[Part, ...], left: int
) -> tuple[Contract, ...]:
    """Equal shares of what is left, and the whole's words behind each part's own."""
    share = len(parts)
    return tuple(
        whole.model_copy(
            update={
                "task_id": nth_task(state.goal.goal_id, len(state.tasks) + number),
                "title": " ".join(part.title.split()),
                "description": f"{part.description}\n\nThis is a part; others do the rest of:\n"
                f"{whole.description or whole.title}",
                "value": whole.value // share,
                "budget": left // share,
                "features": {**whole.features, PART: 1},
            }
        )
        for number, part in enumerate(parts, start=1)
    )


def _check_contracts(state: GoalState, contracts: tuple[Contract, ...]) -> None:
    """A planner may think with a model; what it returns is checked like any untrusted input."""
    known: set[TaskId] = set()
    for number, contract in enumerate(contracts, start=len(state.tasks) + 1):
        if contract.task_id != nth_task(state.goal.goal_id, number):
            raise Rejected(f"the plan's task {contract.task_id} should be number {number}")
        if contract.goal_id != state.goal.goal_id:
            raise Rejected(f"the plan's task {contract.task_id} is for another goal")
        if min(contract.budget, contract.value) < 0:
            raise Rejected(f"the plan's task {contract.task_id} has less than no money")
        if contract.kind is not TaskKind.WRITE or contract.subject is not None:
            raise Rejected(f"the plan's task {contract.task_id} is not a write task")
        if not known.issuperset(contract.after):
            raise Rejected(f"the plan's task {contract.task_id} waits for an unknown task")
        known.add(contract.task_id)
    if len(contracts) > MOST_TASKS:
        raise Rejected(f"a plan has at most {MOST_TASKS} tasks, not {len(contracts)}")
    if sum(contract.budget for contract in contracts) > state.goal.budget:
        raise Rejected("the plan's tasks may cost more than the goal has")


def _result(
    state: GoalState,
    attempt: Attempt,
    command: SubmitWork | Ask | GiveUp | Fail | ReportCheck,
    at: int,
) -> Event:
    kind = _kind(state, attempt)
    goal_id, attempt_id = state.goal.goal_id, attempt.attempt_id
    spent = _charged(attempt, command.spent)
    match command:
        case SubmitWork():
            _require(kind is TaskKind.WRITE, "a tree", kind)
            return WorkSubmitted(
                at=at,
                goal_id=goal_id,
                attempt_id=attempt_id,
                tree=command.tree,
                title=command.title,
                why=command.why,
                alternatives=command.alternatives,
                touched=command.touched,
                spent=spent,
            )
        case ReportCheck():
            _require(kind in (TaskKind.TEST, TaskKind.REVIEW), "a verdict", kind)
            return CheckReported(
                at=at,
                goal_id=goal_id,
                attempt_id=attempt_id,
                report=command.report,
                ballot=command.ballot,
                spent=spent,
            )
        case Ask():
            _require(kind is TaskKind.WRITE, "a question", kind)
            return QuestionAsked(
                at=at,
                goal_id=goal_id,
                attempt_id=attempt_id,
                text=command.text,
                spent=spent,
                tree=command.tree,
                checkpoint=command.checkpoint,
            )
        case GiveUp():
            return WorkGivenUp(
                at=at, goal_id=goal_id, attempt_id=attempt_id, reason=command.reason, spent=spent
            )
        case Fail():
            return AttemptFailed(
                at=at,
                goal_id=goal_id,
                attempt_id=attempt_id,
                error=command.error,
                message=command.message,
                trace=command.trace,
                spent=spent,
            )


def _kind(state: GoalState, attempt: Attempt) -> TaskKind:
    return state.tasks[attempt.task_id].contract.kind


def _charged(attempt: Attempt, spent: int) -> int:
    """What is charged: at least what the steps said, never more than was reserved."""
    return min(max(spent, attempt.spent), attempt.reserved)


def _require(holds: bool, what: str, kind: TaskKind) -> None:
    if not holds:
        raise Rejected(f"{what} does not answer a task of kind {kind}")
