"""A goal's way through the rules without a coordinator: real market, real quorum, real signatures.

`World` holds the events and folds them; `drive` lets agents answer, does the shell's duties, and goes
on until the goal waits for nobody. A test says only where its story differs from the plain one.
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from swarm.coordination.public_api import (
    AgentCommand,
    Attempt,
    Command,
    Context,
    Describe,
    Exchange,
    GoalState,
    Join,
    Publish,
    ReportCheck,
    ReportPlan,
    Rules,
    SubmitGoal,
    SubmitWork,
    Trade,
    Withdraw,
    award,
    conflicted,
    decide,
    duty,
    fold,
    follow,
    intended,
    joined,
    learn,
    published,
    rebuild,
    remember,
    withdrawn,
)
from swarm.domain.ballots import Ballot, Choice, Voter, VoterRole
from swarm.domain.bids import AgentCard, Curve, Role, Row
from swarm.domain.events import EVENT, Event
from swarm.domain.evidence import CheckReport, Evidence, EvidenceKind
from swarm.domain.experience import Experience
from swarm.domain.goals import Goal
from swarm.domain.money import USD
from swarm.domain.names import (
    AgentId,
    CommandId,
    CommitHash,
    Digest,
    GoalId,
    HostId,
    Principal,
    TestId,
    TreeHash,
    nth_task,
)
from swarm.domain.tasks import CheckSubject, Contract, Finding, Step, TaskKind, Verdict
from swarm.identity.public_api import verify_event
from swarm.market.public_api import Key
from swarm.quorum.public_api import cast, read_ballot
from swarm.testing.events import BEGIN, a_blob, a_goal, a_hash
from swarm.testing.identity import a_signer

HOST = HostId("host-1")
MOST_MOVES = 500
"""So many things at most happen by themselves between two messages."""

_CHOICES: dict[Verdict, Choice] = {"yes": "yes", "no": "no", "unknown": "abstain"}
_KINDS: dict[str, EvidenceKind] = {
    "suite": "suite",
    "static": "static",
    "behaviour": "behaviour",
}

# Builders ---------------------------------------------------------------------------------------


def a_card(
    name: str,
    role: Role = "writer",
    *,
    aspects: tuple[str, ...] = ("",),
    price: int = 500,
    chance: int = 500_000,
    capacity: int = 1,
    strategy: str = "",
    principal: str = "",
) -> AgentCard:
    """An agent that offers its role's work. Without a strategy given it has one of its own."""
    kinds = {
        "planner": TaskKind.PLAN,
        "writer": TaskKind.WRITE,
        "tester": TaskKind.TEST,
        "reviewer": TaskKind.REVIEW,
    }
    row = Row(price=price, seconds=10, probability=chance)
    return AgentCard(
        agent_id=AgentId(name),
        role=role,
        engine="scripted",
        strategy=strategy or name,
        family=strategy or name,
        principal=Principal(principal or f"local/{name}"),
        public_key=a_signer(name).public_key,
        capacity=capacity,
        curves=tuple(Curve(kind=kinds[role], aspect=each, rows=(row,)) for each in aspects),
        host=HOST,
    )


def a_tester(name: str = "tester") -> AgentCard:
    return a_card(name, "tester", aspects=("suite",))


def a_reviewer(name: str, *aspects: str) -> AgentCard:
    return a_card(name, "reviewer", aspects=aspects)


CREW = (
    a_card("planner", "planner"),
    a_card("template", price=500, chance=600_000),
    a_card("mutation", price=800, chance=500_000),
    a_card("crossover", price=1_200, chance=400_000),
    a_tester(),
    a_reviewer("reader", "static"),
    a_reviewer("comparer", "behaviour"),
)


def a_contract(
    number: int = 2,
    goal: Goal | None = None,
    *,
    after: tuple[int, ...] = (),
    budget: int = USD // 2,
    value: int = 2 * USD,
) -> Contract:
    """A plan's task, with a file of its own. The plan itself is number 1."""
    goal_id = (goal or a_goal()).goal_id
    return Contract(
        task_id=nth_task(goal_id, number),
        goal_id=goal_id,
        kind=TaskKind.WRITE,
        title=f"Fix {number}",
        targets=(TestId(f"tests/test_{number}.py::test"),),
        touch=(f"part{number}.py",),
        value=value,
        budget=budget,
        seconds=600,
        after=tuple(nth_task(goal_id, each) for each in after),
    )


def a_step(number: int = 1, cost: int = 100, action: str = "looked") -> Step:
    return Step(number=number, action=action, result=a_blob(f"{action} {number}"), cost=cost)


def a_finding(message: str = "a test turned red") -> Finding:
    return Finding(rule="regression", message=message)


def voters(cards: Iterable[AgentCard]) -> tuple[Voter, ...]:
    """The roster that the coordinator would make of these cards."""
    roles: dict[str, VoterRole] = {"tester": "tester", "reviewer": "reviewer"}
    return tuple(
        Voter(
            agent_id=card.agent_id,
            principal=card.principal,
            role=roles[card.role],
            family=card.family,
            public_key=card.public_key,
        )
        for card in sorted(cards, key=lambda card: card.agent_id)
        if card.role in roles
    )


@functools.cache
def signed_ballot(
    voter: AgentId, role: VoterRole, subject: Digest, choice: Choice, evidence: Digest
) -> Ballot:
    """Signatures hold fresh randomness; kept, the same vote has the same bytes throughout a run."""
    draft = cast(voter, role, subject, choice, evidence)
    event = a_signer(voter).sign_event(draft.kind, draft.content, draft.tags, created_at=0)
    return read_ballot(event, verify_event)


verify = functools.cache(verify_event)
"""Pure, so it may as well remember."""

# The world --------------------------------------------------------------------------------------

Watch = Callable[[GoalState | None, Event, GoalState], None]


def _nobody_watches(before: GoalState | None, event: Event, after: GoalState) -> None:
    """The watch of a world that has none."""


@dataclass(slots=True)
class World:
    """One goal, everything that happened to it, and who is there."""

    goal: Goal = field(default_factory=a_goal)
    cards: tuple[AgentCard, ...] = CREW
    rules: Rules = field(default_factory=Rules)
    plan: tuple[Contract, ...] = (a_contract(2),)
    at: int = BEGIN
    events: list[Event] = field(default_factory=list)
    experience: dict[Key, Experience] = field(default_factory=dict)
    time_is_up: bool = False
    overtime_is_up: bool = False
    is_complete: bool = True
    watch: Watch = _nobody_watches
    evidence: dict[Digest, Evidence] = field(default_factory=dict)
    goals: dict[GoalId, GoalState] = field(default_factory=dict)
    pull_request: str = ""
    """As it stands in the forge: `open`, `closed`, or not there."""

    @property
    def state(self) -> GoalState:
        return self.goals[self.goal.goal_id]

    def submit(self) -> None:
        self.hear(SubmitGoal(command_id=CommandId("submit"), goal=self.goal))

    def hear(self, command: Command) -> tuple[Event, ...]:
        """What the command led to. Raises what `decide` raises."""
        return self.keep(decide(self.goals.get(self.goal.goal_id), command, self._now()))

    def keep(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        for event in events:
            before = self.goals.get(self.goal.goal_id)
            fold(self.goals, event)
            self.events.append(event)
            self.watch(before, event, self.state)
            for lesson in learn(self.goals, self.experience, event, 20_000, 50_000):
                fold(self.goals, lesson)
                remember(self.experience, lesson)
                self.events.append(lesson)
        return events

    def settle(self) -> None:
        """Let everything happen that follows by itself."""
        for _ in range(MOST_MOVES):
            state = self.state
            moves = follow(state, self._now(), self.context()) or award(
                state, self.exchange(), self.at
            )
            if not self.keep(moves):
                return
        raise AssertionError(f"after {MOST_MOVES} moves something still follows by itself")

    def context(self) -> Context:
        return Context(
            rules=self.rules,
            roster=voters(self.cards),
            verify=verify,
            evidence=self.evidence,
            time_is_up=self.time_is_up,
            overtime_is_up=self.overtime_is_up,
            trade=Trade(self.cards),
            is_complete=self.is_complete,
        )

    def exchange(self) -> Exchange:
        busy: dict[AgentId, int] = {}
        for attempt in self.state.live():
            busy[attempt.agent_id] = busy.get(attempt.agent_id, 0) + 1
        return Exchange(
            cards=self.cards,
            busy=busy,
            ready=frozenset(TaskKind) if self.is_complete else frozenset(),
            alpha=20_000,
            beta=50_000,
            rounds=self.rules.rounds,
            lease_ms=30_000,
            experience=self.experience,
        )

    def reborn(self) -> dict[GoalId, GoalState]:
        """What a new process makes of the events' bytes."""
        return rebuild(EVENT.validate_json(EVENT.dump_json(event)) for event in self.events)

    def do_duty(self, conflict_at: int | None = None) -> bool:
        """What the shell does outside. A join goes well, or meets a conflict at that patch."""
        match asked := duty(self.state):
            case Join():
                self.keep(self._join(asked, conflict_at))
            case Describe():
                self.keep(intended(self.state, "Fix it", a_blob("body"), self._now()))
            case Publish():
                self.do_outside()
                self.keep(published(self.state, 1, asked.intended.head, self._now()))
            case Withdraw():
                self.do_outside()
                number = 1 if self.pull_request else None
                self.keep(withdrawn(self.state, number, self._now()))
            case None:
                return False
        return True

    def do_outside(self) -> None:
        """What a duty does to the forge, and the process is killed before it is on record."""
        match duty(self.state):
            case Publish():
                self.pull_request = self.pull_request or "open"
            case Withdraw() if self.pull_request:
                self.pull_request = "closed"

    def _join(self, join: Join, conflict_at: int | None) -> tuple[Event, ...]:
        trees = joined_trees(join)
        if conflict_at is not None and 0 < conflict_at < len(join.patches):
            onto = trees[conflict_at - 1]
            return conflicted(
                self.state, join, conflict_at, onto, ("part.py",), self.rules, self._now()
            )
        return joined(self.state, join, trees, CommitHash(a_hash(f"head {trees[-1]}")), self._now())

    def _now(self) -> int:
        self.at += 1
        return self.at

    # What honest agents answer ------------------------------------------------------------------

    def answer(self, attempt: Attempt) -> AgentCommand:
        """The plain story: plans are made, patches submitted, checks say yes."""
        match self.state.tasks[attempt.task_id].contract.kind:
            case TaskKind.PLAN:
                return self.planned(attempt, self.plan)
            case TaskKind.WRITE:
                return self.submitted(attempt)
            case TaskKind.TEST | TaskKind.REVIEW:
                return self.checked(attempt)

    def planned(
        self, attempt: Attempt, contracts: tuple[Contract, ...], refusal: str = ""
    ) -> ReportPlan:
        return ReportPlan(
            attempt_id=attempt.attempt_id,
            epoch=attempt.epoch,
            contracts=contracts,
            base_run=a_blob("base run"),
            voided=(),
            refusal=refusal,
            spent=attempt.price,
        )

    def submitted(self, attempt: Attempt, tree: str = "") -> SubmitWork:
        return SubmitWork(
            attempt_id=attempt.attempt_id,
            epoch=attempt.epoch,
            tree=TreeHash(a_hash(tree or attempt.attempt_id)),
            title="Fix it",
            why="it was broken",
            alternatives=(),
            touched=("part.py",),
            spent=attempt.price,
        )

    def checked(
        self, attempt: Attempt, verdict: Verdict = "yes", vote: Choice | None = None
    ) -> ReportCheck:
        """A report with its evidence; for a round also a ballot, which may say something else."""
        contract = self.state.tasks[attempt.task_id].contract
        subject = contract.subject
        assert subject is not None
        shown = _evidence(subject, contract.aspect, verdict)
        self.evidence[shown.hash] = shown
        report = CheckReport(
            verdict=verdict,
            findings=(a_finding(),) if verdict == "no" else (),
            evidence=shown.hash,
            summary=f"{contract.aspect} says {verdict}",
        )
        ballot = None
        if subject.ballot_subject is not None:
            role: VoterRole = "tester" if contract.kind is TaskKind.TEST else "reviewer"
            choice = vote or _CHOICES[verdict]
            ballot = signed_ballot(
                attempt.agent_id, role, subject.ballot_subject, choice, shown.hash
            )
        return ReportCheck(
            attempt_id=attempt.attempt_id,
            epoch=attempt.epoch,
            report=report,
            ballot=ballot,
            spent=attempt.price,
        )


def joined_trees(join: Join) -> tuple[TreeHash, ...]:
    """Made-up trees that depend on exactly what is joined."""
    return tuple(
        TreeHash(a_hash("+".join(patch.tree for patch in join.patches[: number + 1])))
        for number in range(len(join.patches))
    )


def _evidence(subject: CheckSubject, aspect: str, verdict: Verdict) -> Evidence:
    return Evidence(
        kind=_KINDS[aspect],
        base=subject.base,
        tree=subject.tree,
        argv=("python", "-m", "pytest"),
        environment=a_blob("environment"),
        sandbox_mode="scripted",
        limits={},
        outcomes=(),
        base_outcomes=(),
        targets=subject.targets,
        voided=(),
        tools={},
        findings=(),
        verdict=verdict,
    )


# Driving ----------------------------------------------------------------------------------------

Script = Callable[[World, Attempt], AgentCommand | None]
"""What an agent does instead of the plain story; None = the plain story."""


def plainly(world: World, attempt: Attempt) -> None:
    """No difference from the plain story."""


def a_world(
    *contracts: Contract,
    goal: Goal | None = None,
    cards: tuple[AgentCard, ...] = CREW,
    rules: Rules | None = None,
    is_complete: bool = True,
) -> World:
    """A world in which the goal has been submitted. Without contracts, the plan is one task."""
    world = World(
        goal=goal or a_goal(), cards=cards, rules=rules or Rules(), is_complete=is_complete
    )
    world.plan = contracts or world.plan
    world.submit()
    world.settle()
    return world


def drive(
    world: World,
    script: Script = plainly,
    *,
    conflicts: Iterable[int] = (),
    until: Callable[[GoalState], bool] = lambda state: state.status.is_final,
) -> GoalState:
    """Let agents answer until the goal ends, waits for somebody who never comes, or `until` holds.

    `conflicts`: the patch that does not fit, for each join in turn.
    """
    clashes = iter(conflicts)
    while not until(world.state):
        world.settle()
        live = next(world.state.live(), None)
        if until(world.state):
            break
        if live is not None:
            world.hear(script(world, live) or world.answer(live))
        elif isinstance(duty(world.state), Join):
            world.do_duty(next(clashes, None))
        elif not world.do_duty():
            break
    return world.state


def kind_of(world: World, attempt: Attempt) -> TaskKind:
    return world.state.tasks[attempt.task_id].contract.kind


def subject_of(world: World, attempt: Attempt) -> CheckSubject | None:
    return world.state.tasks[attempt.task_id].contract.subject


def of_kind(events: Iterable[Event], tag: str) -> tuple[Event, ...]:
    return tuple(event for event in events if event.type == tag)
