"""A deterministic simulation of one goal: scripted agents, faults from a seed, laws after every event.

One seed is one run. Agents give up, crash, fall silent, send late and twice, overcharge, lie in their
votes; people pause, veto, guide; joins conflict; the coordinator is killed and folds its events again.
After a while the faults stop, and from then on the goal must come to its end.
"""

from collections import Counter
from dataclasses import dataclass, field, fields, is_dataclass
from random import Random

from pydantic import BaseModel

from swarm.coordination.public_api import (
    AgentCommand,
    Ask,
    Attempt,
    Command,
    ExpireLease,
    Fail,
    GiveUp,
    GoalState,
    Join,
    Leased,
    Pause,
    Play,
    Publish,
    RecordStep,
    RollBack,
    Say,
    Stop,
    SubmitGoal,
    Veto,
    duty,
    followed_up,
    merged,
    overtime_of,
)
from swarm.domain.ballots import Choice
from swarm.domain.errors import Exhausted, Rejected
from swarm.domain.events import (
    EVENT,
    Event,
    FollowUpOpened,
    GoalEnded,
    GoalVetoed,
    LeaseGranted,
    PublicationDone,
    PublicationIntended,
    PullRequestClosed,
    PullRequestMerged,
)
from swarm.domain.money import USD
from swarm.domain.names import AttemptId, CommandId, task_of
from swarm.domain.tasks import Contract, TaskKind, Verdict
from swarm.quorum.public_api import verify_certificate
from swarm.testing.coordination import (
    CREW,
    World,
    a_card,
    a_contract,
    a_finding,
    a_reviewer,
    a_step,
    a_tester,
    verify,
)
from swarm.testing.events import a_goal

# The laws ---------------------------------------------------------------------------------------


class Broken(AssertionError):
    """A law does not hold."""


def demand(holds: bool, law: str) -> None:
    if not holds:
        raise Broken(law)


@dataclass(slots=True)
class Laws:
    """Checked after every event of a world."""

    world: World

    def __call__(self, before: GoalState | None, event: Event, after: GoalState) -> None:
        demand(EVENT.validate_json(EVENT.dump_json(event)) == event, "an event survives its bytes")
        _money(before, after)
        _leases(before, event, after)
        _ending(before, event, after)
        if isinstance(event, PublicationIntended):
            _publication(self.world, before, event)
        if isinstance(event, PublicationDone):
            demand(before is not None and before.intended is not None, "I1: no effect unintended")


def _money(before: GoalState | None, after: GoalState) -> None:
    demand(after.spent + after.reserved <= after.goal.budget, "I4: within the goal's budget")
    demand(before is None or before.spent <= after.spent, "I4: what is spent stays spent")
    for attempt in after.attempts.values():
        demand(0 <= attempt.spent <= attempt.reserved, "I4: within the reservation")
    for task in after.tasks.values():
        attempts = [after.attempts[each] for each in task.attempts]
        bound = sum(a.reserved if a.is_live else a.spent for a in attempts)
        demand(not attempts or bound <= task.contract.budget, "I4: within the task's budget")


def _leases(before: GoalState | None, event: Event, after: GoalState) -> None:
    live = Counter(attempt.task_id for attempt in after.live())
    demand(all(count == 1 for count in live.values()), "I2: one live lease a task")
    held = {t.contract.task_id for t in after.tasks.values() if isinstance(t.phase, Leased)}
    demand(held == set(live), "I2: a task is held by a live lease, and by nothing else")
    writing = sum(after.tasks[task].contract.kind is TaskKind.WRITE for task in live)
    demand(writing <= after.goal.writers, "at most so many writers at the same time")
    if isinstance(event, LeaseGranted):
        assert before is not None
        demand(event.epoch > before.epoch, "I2: epochs grow")
        demand(event.attempt_id not in before.attempts, "an attempt is granted once")
        demand(task_of(event.attempt_id) not in {a.task_id for a in before.live()}, "I2: no theft")


def _ending(before: GoalState | None, event: Event, after: GoalState) -> None:
    late = before is not None and before.status.is_final
    decided = isinstance(event, PullRequestMerged | PullRequestClosed | GoalVetoed)
    goes_on = isinstance(event, FollowUpOpened)
    demand(not late or decided or goes_on, "only what comes from people follows the end")
    if goes_on:
        assert before is not None
        demand(before.is_undecided and not before.is_refused, "nothing follows a decision")
        demand(len(after.follow_ups) <= 2, "at most two rounds follow")
    if isinstance(event, GoalEnded):
        demand(not any(after.live()) and after.reserved == 0, "nobody works on an ended goal")
    if isinstance(event, PublicationIntended | PublicationDone):
        assert before is not None
        known = before.intended if isinstance(event, PublicationIntended) else before.published
        demand(known is None, "I2: one publication")


def _publication(world: World, before: GoalState | None, event: PublicationIntended) -> None:
    assert before is not None
    certificate = before.certificate
    joined = before.joined
    if certificate is None or joined is None:
        raise Broken("I3: a publication needs a certificate and a joined tree")
    problems = verify_certificate(certificate, verify, evidence=world.evidence)
    demand(problems == (), f"I3: {problems}")
    subject = certificate.subject
    demand(
        (subject.tree, subject.base) == (event.tree, before.goal.base)
        and event.tree == joined.tree,
        "I3: the certificate is about exactly what is published",
    )
    wrote = {before.attempts[piece.attempt_id].principal for piece in joined.pieces}
    principals = {voter.agent_id: voter.principal for voter in certificate.policy.roster}
    voted = {principals[ballot.voter] for ballot in certificate.ballots if ballot.choice == "yes"}
    demand(wrote <= set(certificate.authors) and not wrote & voted, "I3: no author votes")
    demand(len(voted) >= world.rules.threshold, "I3: enough distinct voters")
    demand(not before.is_refused, "a human's no stands")


def holds_no_float(value: object) -> bool:
    """Nothing in a state may differ between two machines that fold the same events."""
    match value:
        case float():
            return False
        case BaseModel():
            return all(holds_no_float(getattr(value, name)) for name in type(value).model_fields)
        case dict():
            return all(holds_no_float(each) for each in (*value.keys(), *value.values()))
        case tuple() | list() | set() | frozenset():
            return all(holds_no_float(each) for each in value)
        case _ if is_dataclass(value):
            return all(holds_no_float(getattr(value, each.name)) for each in fields(value))
    return True


# The run ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Faults:
    """How often things go wrong: chances in percent at each move."""

    moves: int = 60
    """Faults stop after so many."""

    gives_up: int = 6
    breaks: int = 4
    asks: int = 5
    silent: int = 4
    repeats: int = 10
    overcharges: int = 5
    bad_plan: int = 10
    lies: int = 10
    says_no: int = 12
    unknown: int = 6
    conflicts: int = 15
    people: int = 3
    second_thoughts: int = 25
    """Between the intent to publish and its record."""

    regrets: int = 20
    """Vetoes after the end."""

    restarts: int = 10
    follow_ups: int = 40
    """What comes after the end of a goal whose pull request is open, and brings faults of its own."""

    merges: int = 2
    """While a follow-up is worked on, at each move."""


NO_FAULTS = Faults(moves=0, regrets=0, follow_ups=0)
MOST_MOVES = 2_000
"""Within so many moves after the faults have stopped every goal has ended."""

LEASE_MS = 30_000


@dataclass(slots=True)
class Simulation:
    """Runs a world to its end."""

    world: World
    random: Random
    faults: Faults = NO_FAULTS
    kills: bool = False
    """Fold everything again after every single move."""

    moves: int = 0
    sent: list[Command] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    silent: dict[AttemptId, int] = field(default_factory=dict)
    """Who has fallen silent, and since when."""

    def run(self) -> GoalState:
        self.world.watch = Laws(self.world)
        self.send(SubmitGoal(command_id=CommandId("submit"), goal=self.world.goal))
        self.go_to_the_end()
        while self.follow_up():
            self.go_to_the_end()
        self.regret()
        demand(self.world.reborn() == self.world.goals, "I7: the fold of the events is the state")
        demand(holds_no_float(self.world.state), "I7: no float in a state")
        self.say_everything_again()
        return self.world.state

    def go_to_the_end(self) -> None:
        while not self.world.state.status.is_final:
            self.moves += 1
            demand(self.moves < self.last_fault + MOST_MOVES, "I8: every goal ends")
            self.move()

    def follow_up(self) -> bool:
        """Whether something came after the pull request that the goal is to go on with."""
        state = self.world.state
        if state.published is None or self.random.randrange(100) >= self.faults.follow_ups:
            return False
        about, found = (f"ci:{self.moves}",), (a_finding("CI is red"),)
        head, at = state.published.head, self.world.at + 1
        return bool(self.world.keep(followed_up(state, head, about, found, self.world.rules, at)))

    def decide(self) -> None:
        """A human merges what is open, although a follow-up is worked on."""
        if self.world.state.before is not None and self.strikes(self.faults.merges):
            self.world.pull_request = "merged"
            self.world.keep(merged(self.world.state, "said", self.world.at))

    def regret(self) -> None:
        """A human may still say no to a pull request that is open; either way a no leaves none open."""
        world = self.world
        if self.random.randrange(100) < self.faults.regrets:
            veto = Veto(command_id=self.name("regret"), goal_id=world.goal.goal_id, reason="no")
            self.send(veto)
        while world.do_duty():
            pass
        refused = world.state.vetoed or (world.state.stopped and not world.state.published)
        demand(
            not refused or world.pull_request != "open",
            "what a human refused is not open",
        )

    def move(self) -> None:
        """One thing happens."""
        world = self.world
        world.at += self.random.randint(1, 5_000)
        began = max(world.state.submitted_at, world.state.timed_from)
        late = (world.at - began) // 1000 - world.goal.seconds
        world.time_is_up, world.overtime_is_up = late > 0, late > overtime_of(world.state)
        if self.strikes(self.faults.restarts) or self.kills:
            self.restart()
        self.listen_to_people()
        self.decide()
        world.settle()
        if self.strikes(self.faults.repeats) and self.sent:
            self.repeat(self.random.choice(self.sent))
        self.expire()
        live = [a for a in world.state.live() if a.attempt_id not in self.silent]
        if live:
            self.act(self.random.choice(live))
        elif world.state.paused and not self.faulty:
            self.send(Play(command_id=self.name("play"), goal_id=world.goal.goal_id))
        elif world.state.only_waits and not world.state.paused:
            self.answer()
        else:
            self.do_duty()

    def answer(self) -> None:
        """People answer, sooner or later; meanwhile a restart changes nothing."""
        if not self.strikes(50):
            goal_id = self.world.goal.goal_id
            self.send(Say(command_id=self.name("answer"), goal_id=goal_id, text="the first"))

    @property
    def faulty(self) -> bool:
        return self.moves <= self.last_fault

    @property
    def last_fault(self) -> int:
        """By its move. Each follow-up has faults of its own."""
        return self.faults.moves * (1 + len(self.world.state.follow_ups))

    def strikes(self, percent: int) -> bool:
        """Draws even when nothing can come of it, so that runs with and without stay comparable."""
        return self.random.randrange(100) < percent and self.faulty

    def restart(self) -> None:
        reborn = self.world.reborn()
        demand(reborn == self.world.goals, "I7: a restart changes nothing")
        self.world.goals = reborn

    # Messages -----------------------------------------------------------------------------------

    def send(self, command: Command) -> None:
        """Refusals are answers; anything else that is raised is a bug."""
        try:
            self.world.hear(command)
        except (Rejected, Exhausted) as error:
            self.refused[str(error).split(":")[0]] += 1
        else:
            self.sent.append(command)

    def repeat(self, command: Command) -> None:
        try:
            events = self.world.hear(command)
        except (Rejected, Exhausted):
            return
        demand(events == (), f"heard twice, it has a second effect: {command!r}")

    def say_everything_again(self) -> None:
        for command in self.sent:
            self.repeat(command)

    def name(self, what: str) -> CommandId:
        return CommandId(f"{what}-{self.moves}")

    def listen_to_people(self) -> None:
        if not self.strikes(self.faults.people):
            return
        goal_id = self.world.goal.goal_id
        roll = self.random.randrange(12)
        if roll >= 10 and self.world.state.marks:
            step = self.random.randint(1, len(self.world.state.marks))
            self.send(RollBack(command_id=self.name("back"), goal_id=goal_id, step=step))
        elif roll < 3:
            self.send(Pause(command_id=self.name("pause"), goal_id=goal_id))
        elif roll < 6:
            self.send(Play(command_id=self.name("play"), goal_id=goal_id))
        elif roll < 8:
            self.send(Say(command_id=self.name("say"), goal_id=goal_id, text="mind the gap"))
        elif roll < 9:
            self.send(Stop(command_id=self.name("stop"), goal_id=goal_id))
        else:
            self.send(Veto(command_id=self.name("veto"), goal_id=goal_id, reason="not like this"))

    def expire(self) -> None:
        """Whoever has been silent for a whole lease has lost it. Then the lost message comes."""
        live = {attempt.attempt_id: attempt for attempt in self.world.state.live()}
        for attempt_id, since in list(self.silent.items()):
            attempt = live.get(attempt_id)
            if attempt is None:
                del self.silent[attempt_id]
            elif self.world.at - since > LEASE_MS:
                late = self.world.answer(attempt)
                self.send(ExpireLease(attempt_id=attempt_id, epoch=attempt.epoch, reason="silence"))
                self.must_be_refused(late)

    def must_be_refused(self, late: AgentCommand) -> None:
        try:
            self.world.hear(late)
        except Rejected:
            return
        raise Broken("I2: a message from a lost lease is refused")

    # Agents -------------------------------------------------------------------------------------

    def act(self, attempt: Attempt) -> None:
        faults = self.faults
        if self.strikes(faults.silent):
            self.silent[attempt.attempt_id] = self.world.at
        elif self.strikes(faults.gives_up):
            self.send(self._gives_up(attempt))
        elif self.strikes(faults.breaks):
            self.send(self._breaks(attempt))
        elif self.strikes(faults.asks):
            self.send(self._asks(attempt))
        elif self.random.randrange(3) == 0:
            self.send(self._step(attempt))
        else:
            self.send(self._result(attempt))

    def _gives_up(self, attempt: Attempt) -> GiveUp:
        spent = self._bill(attempt)
        return GiveUp(
            attempt_id=attempt.attempt_id, epoch=attempt.epoch, reason="no idea", spent=spent
        )

    def _asks(self, attempt: Attempt) -> Ask:
        text, spent = f"which one, {self.moves}?", self._bill(attempt)
        return Ask(attempt_id=attempt.attempt_id, epoch=attempt.epoch, text=text, spent=spent)

    def _breaks(self, attempt: Attempt) -> Fail:
        return Fail(
            attempt_id=attempt.attempt_id,
            epoch=attempt.epoch,
            error="RuntimeError",
            message="it broke",
            trace="",
            spent=self._bill(attempt),
        )

    def _step(self, attempt: Attempt) -> RecordStep:
        step = a_step(len(attempt.steps) + 1, self._cost())
        if self.strikes(self.faults.overcharges):
            step = a_step(len(attempt.steps) + self.random.randint(0, 2), self._cost())
        return RecordStep(attempt_id=attempt.attempt_id, epoch=attempt.epoch, step=step)

    def _cost(self) -> int:
        overcharges = self.strikes(self.faults.overcharges)
        return self.random.choice((-500, 10**7)) if overcharges else self.random.randint(0, 300)

    def _bill(self, attempt: Attempt) -> int:
        overcharges = self.strikes(self.faults.overcharges)
        return self.random.choice((-1, 10**9)) if overcharges else attempt.price

    def _result(self, attempt: Attempt) -> AgentCommand:
        match self.world.state.tasks[attempt.task_id].contract.kind:
            case TaskKind.PLAN:
                bad = self.strikes(self.faults.bad_plan)
                return self.world.planned(attempt, self._bad_plan() if bad else self.world.plan)
            case TaskKind.WRITE:
                bill = {"spent": self._bill(attempt)}
                return self.world.submitted(attempt, self._tree(attempt)).model_copy(update=bill)
            case TaskKind.TEST | TaskKind.REVIEW:
                return self._check(attempt)

    def _tree(self, attempt: Attempt) -> str:
        """Sometimes what was refused is submitted once more."""
        return str(attempt.task_id) if self.random.randrange(4) == 0 else ""

    def _bad_plan(self) -> tuple[Contract, ...]:
        goal = self.world.goal
        return self.random.choice(
            (
                (a_contract(2, goal, after=(1,)),),
                (),
                (a_contract(3, goal),),
                (a_contract(2, goal, after=(2,)),),
                (a_contract(2, goal, budget=goal.budget + 1),),
                (a_contract(2, goal, budget=-1),),
            )
        )

    def _check(self, attempt: Attempt) -> AgentCommand:
        verdict: Verdict = "yes"
        if self.strikes(self.faults.says_no):
            verdict = "no"
        elif self.strikes(self.faults.unknown):
            verdict = "unknown"
        choices: tuple[Choice, ...] = ("yes", "no", "abstain")
        lies = self.strikes(self.faults.lies)
        return self.world.checked(attempt, verdict, self.random.choice(choices) if lies else None)

    # Outside ------------------------------------------------------------------------------------

    def do_duty(self) -> None:
        """The process may die before it has done anything, or before that is on record; then the duty
        is found again, and people may have said something meanwhile.
        """
        if self.strikes(self.faults.restarts):
            return
        asked = duty(self.world.state)
        if isinstance(asked, Publish):
            self.waver()
            asked = duty(self.world.state)
        clash = None
        if isinstance(asked, Join) and self.strikes(self.faults.conflicts):
            clash = self.random.randrange(len(asked.patches))
        self.world.do_duty(clash)

    def waver(self) -> None:
        """Between the intent and its record: the process dies, a human says no, or both."""
        if self.strikes(self.faults.second_thoughts):
            self.world.do_outside()
        if self.strikes(self.faults.second_thoughts):
            no = self.random.choice((Veto, Stop))
            fields = {"command_id": self.name("no"), "goal_id": self.world.goal.goal_id}
            self.send(no.model_validate(fields | ({"reason": "no"} if no is Veto else {})))


# Drawing ----------------------------------------------------------------------------------------

LARGE_CREW = (
    *CREW,
    a_card("second planner", "planner", price=600),
    a_card("copier", price=700, chance=550_000, principal="local/template", capacity=2),
    a_tester("second tester"),
    a_reviewer("both ways", "static", "behaviour"),
)


def a_drawn_world(random: Random) -> World:
    """Sometimes poor, sometimes in a hurry, with a plan of one to four tasks."""
    asked = a_goal(budget=random.choice((2 * USD, 60_000, 20_000, 6_000)))
    changes = {"writers": random.randint(1, 3), "seconds": random.choice((120, 600, 1800))}
    goal = asked.model_copy(update=changes)
    count = random.randint(1, 4)
    plan = tuple(
        a_contract(
            number,
            goal,
            after=(number - 1,) if number > 2 and random.randrange(3) == 0 else (),
            budget=goal.budget // count,
        )
        for number in range(2, 2 + count)
    )
    return World(goal=goal, cards=random.choice((CREW, LARGE_CREW)), plan=plan)


def simulated(seed: int, faults: Faults = NO_FAULTS, *, kills: bool = False) -> Simulation:
    """The run of that seed, to its end."""
    random = Random(seed)
    simulation = Simulation(a_drawn_world(random), random, faults, kills)
    simulation.run()
    return simulation
