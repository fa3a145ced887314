"""Builders for journals: what a goal's events look like, from its submission to its end.

The stories are believable, not executed: hashes and signatures are made up. They go through the same
fold as real ones, so whoever shows a goal can be tested without running one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from swarm.domain.ballots import Ballot, Certificate, Choice, Policy, Subject, Voter, VoterRole
from swarm.domain.canonical import digest
from swarm.domain.clearings import Award, Clearing, Reason, Refusal, ScoredBid
from swarm.domain.events import (
    CheckReported,
    CoordinatorStarted,
    Event,
    GoalEnded,
    GoalGuided,
    GoalJoined,
    GoalPaused,
    GoalSubmitted,
    LeaseGranted,
    MarketCleared,
    Piece,
    PlanMade,
    PublicationDone,
    PublicationIntended,
    QuorumReached,
    RoundOpened,
    StepRecorded,
    TaskAccepted,
    TaskAnnounced,
    TaskDropped,
    TaskSentBack,
    WorkGivenUp,
    WorkSubmitted,
)
from swarm.domain.evidence import CheckReport
from swarm.domain.goals import Environment, Goal, GoalStatus
from swarm.domain.money import USD
from swarm.domain.names import (
    AgentId,
    AttemptId,
    CommandId,
    CommitHash,
    Digest,
    GoalId,
    HostId,
    Principal,
    PublicKey,
    TaskId,
    TestId,
    TreeHash,
    branch_of,
    nth_attempt,
    nth_task,
    task_of,
)
from swarm.domain.tasks import CheckSubject, Contract, Finding, Step, TaskKind, Verdict

GOAL = GoalId("g-000001")
BEGIN = 1_760_000_000_000
"""Milliseconds since 1970: when every story begins."""

BASE = CommitHash("ba5e" * 10)
BASE_TREE = TreeHash("ba77" * 10)
TITLE = "Round half hours up and leave holidays out"
BODY = """- **What**: Round half hours up and leave holidays out
- **Why**: two tests fail: tests/test\\_rounding.py::test\\_half, tests/test\\_workdays.py::test\\_holiday
- **How tested**: 61 of 61 tests pass; 2 were red before
- **Not sure**: nothing was reported
- **Cost**: $0.018, 1 min

<details><summary>Tasks and attempts</summary>

| attempt | task | outcome |
| --- | --- | --- |
| g-000001.t2.a1 | Fix rounding | accepted |

</details>
"""
"""The blob that `PublicationIntended.body` of the stories names."""

HOST = HostId("host-1")
WRITERS = ("template", "mutation", "crossover")
CHECKERS: tuple[tuple[str, VoterRole, TaskKind, str], ...] = (
    ("tester-1", "tester", TaskKind.TEST, "suite"),
    ("reviewer-static", "reviewer", TaskKind.REVIEW, "static"),
    ("reviewer-behaviour", "reviewer", TaskKind.REVIEW, "behaviour"),
)


def a_goal(
    goal_id: str = GOAL,
    text: str = "Make the failing tests pass",
    *,
    repository: str = "/home/ada/timebook",
    base: str = BASE,
    budget: int = 2 * USD,
) -> Goal:
    return Goal(
        goal_id=GoalId(goal_id),
        text=text,
        repository=repository,
        base=CommitHash(base),
        base_tree=BASE_TREE,
        environment=Environment(
            mount_point=repository,
            python=f"{repository}/.venv/bin/python",
            python_version="3.11.7",
            runner="pytest",
            runner_version="8.4.0",
            command=("python", "-m", "pytest"),
        ),
        fix_failing=True,
        value=5 * USD,
        wrong_cost=10 * USD,
        budget=budget,
        seconds=1800,
        writers=2,
    )


def a_hash(name: str) -> str:
    """Forty hexadecimal digits, the same for the same name."""
    return digest(name.encode())[:40]


def a_blob(name: str) -> Digest:
    return digest(name.encode())


def a_submitted_goal(goal: Goal | None = None) -> tuple[Event, ...]:
    """Taken up; nothing has been planned."""
    return _told(goal, _submit)


def a_planned_goal(goal: Goal | None = None) -> tuple[Event, ...]:
    """Two tasks, announced and not awarded."""
    return _told(goal, _submit, _plan)


def a_running_goal(goal: Goal | None = None) -> tuple[Event, ...]:
    """One task is accepted; on the other a second attempt is at work after a *no*."""
    return _told(goal, _submit, _plan, _award, _first_results, _second_attempt)


def a_paused_goal(goal: Goal | None = None) -> tuple[Event, ...]:
    return _told(goal, _submit, _plan, _award, _pause)


def a_finished_goal(goal: Goal | None = None) -> tuple[Event, ...]:
    """From a sentence to an open pull request, with one *no* on the way."""
    return _told(
        goal,
        _submit,
        _plan,
        _award,
        _first_results,
        _second_attempt,
        _second_result,
        _vote,
        _publish,
    )


def a_partial_goal(goal: Goal | None = None) -> tuple[Event, ...]:
    """One of two tasks is dropped; the pull request says so."""
    return _told(goal, _submit, _plan, _award, _first_results, _give_up, _vote, _publish)


def a_blocked_goal(goal: Goal | None = None) -> tuple[Event, ...]:
    """The planner says what it needs."""
    return _told(goal, _submit, _refuse_plan)


def an_exhausted_goal(goal: Goal | None = None) -> tuple[Event, ...]:
    """Every task is dropped because the money is spent."""
    return _told(goal, _submit, _plan, _run_dry)


# Telling ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Story:
    goal: Goal
    at: int = BEGIN
    events: list[Event] = field(default_factory=list)
    tasks: int = 0
    epoch: int = 0
    accepted: list[tuple[TaskId, AttemptId, TreeHash]] = field(default_factory=list)

    @property
    def goal_id(self) -> GoalId:
        return self.goal.goal_id

    def after(self, milliseconds: int) -> int:
        self.at += milliseconds
        return self.at

    def tell(self, *events: Event) -> None:
        self.events.extend(events)

    def task(self, number: int) -> TaskId:
        return nth_task(self.goal_id, number)


Chapter = Callable[[_Story], None]


def _told(goal: Goal | None, *chapters: Chapter) -> tuple[Event, ...]:
    story = _Story(goal or a_goal())
    for chapter in chapters:
        chapter(story)
    return tuple(story.events)


def _submit(story: _Story) -> None:
    goal_id = story.goal_id
    started = CoordinatorStarted(at=story.at, version="0.1.0", runtime="inline")
    story.tell(started, GoalSubmitted(at=story.after(10), goal_id=goal_id, goal=story.goal))
    _announce(story, _contract(story, TaskKind.PLAN, "Plan"))


def _plan(story: _Story) -> None:
    plan = story.task(1)
    attempt = _grant(story, plan, "planner-1", "planner", price=1_000, seconds=20)
    _step(story, attempt, 1, "ran the suite: 59 of 61 tests pass", 2_900)
    contracts = (
        _contract(story, TaskKind.WRITE, "Fix tests/test_rounding.py::test_half", number=2),
        _contract(story, TaskKind.WRITE, "Fix tests/test_workdays.py::test_holiday", number=3),
    )
    story.tell(
        PlanMade(
            at=story.after(100),
            goal_id=story.goal_id,
            attempt_id=attempt,
            contracts=contracts,
            base_run=a_blob("base run"),
            voided=(),
            refusal="",
            spent=1_000,
        )
    )
    for contract in contracts:
        _announce(story, contract)


def _refuse_plan(story: _Story) -> None:
    attempt = _grant(story, story.task(1), "planner-1", "planner", price=1_000, seconds=20)
    refusal = "needs a model engine: the goal names no test, file or failure"
    story.tell(
        PlanMade(
            at=story.after(2_000),
            goal_id=story.goal_id,
            attempt_id=attempt,
            contracts=(),
            base_run=a_blob("base run"),
            voided=(),
            refusal=refusal,
            spent=1_000,
        )
    )
    _end(story, GoalStatus.BLOCKED, refusal)


def _award(story: _Story) -> None:
    story.tell(_clearing(story, {2: "template", 3: "mutation"}))
    for number, strategy in ((2, "template"), (3, "mutation")):
        _lease(story, story.task(number), f"writer-{strategy}", strategy, price=5_000, seconds=30)


def _first_results(story: _Story) -> None:
    first, second = nth_attempt(story.task(2), 1), nth_attempt(story.task(3), 1)
    _step(story, first, 1, "ranked 14 suspect lines", 800)
    _step(story, second, 1, "ranked 9 suspect lines", 300)
    _step(story, first, 2, "tried 36 templates; 1 makes the target pass", 4_100, tree="t2")
    _submit_work(story, first, "t2", "Round half hours up", "timebook/rounding.py")
    _check(story, 2, 1, "t2", ("yes", "yes", "yes"))
    _accept(story, first, "t2")
    _submit_work(story, second, "t3-1", "Skip every weekday", "timebook/workdays.py")
    _check(story, 3, 1, "t3-1", ("no", "yes", "unknown"))


def _second_attempt(story: _Story) -> None:
    finding = Finding(
        rule="regression",
        message="tests/test_workdays.py::test_weekdays passed on the base and fails now",
        path="timebook/workdays.py",
        line=21,
        test=TestId("tests/test_workdays.py::test_weekdays"),
    )
    story.tell(
        TaskSentBack(
            at=story.after(5),
            goal_id=story.goal_id,
            task_id=story.task(3),
            attempt_id=nth_attempt(story.task(3), 1),
            round=1,
            findings=(finding,),
        )
    )
    _lease(story, story.task(3), "writer-mutation", "mutation", price=5_000, seconds=30)
    _step(story, nth_attempt(story.task(3), 2), 1, "tried 120 mutations", 5_000)


def _second_result(story: _Story) -> None:
    attempt = nth_attempt(story.task(3), 2)
    _submit_work(story, attempt, "t3-2", "Leave holidays out", "timebook/workdays.py")
    _check(story, 3, 2, "t3-2", ("yes", "yes", "yes"))
    _accept(story, attempt, "t3-2")


def _give_up(story: _Story) -> None:
    story.tell(
        WorkGivenUp(
            at=story.after(900),
            goal_id=story.goal_id,
            attempt_id=nth_attempt(story.task(3), 1),
            reason="no candidate is left",
            spent=2_000,
        ),
        TaskDropped(
            at=story.at,
            goal_id=story.goal_id,
            task_id=story.task(3),
            reason="1 attempts, none accepted (mutation: no candidate is left)",
        ),
    )


def _run_dry(story: _Story) -> None:
    reason = "over budget: no bid fits what is left of the goal's budget"
    for number in (2, 3):
        story.tell(
            TaskDropped(
                at=story.after(1),
                goal_id=story.goal_id,
                task_id=story.task(number),
                reason=reason,
            )
        )
    story.tell(
        GoalEnded(
            at=story.at,
            goal_id=story.goal_id,
            status=GoalStatus.FAILED,
            reason=reason,
            cause="budget",
        )
    )


def _pause(story: _Story) -> None:
    goal_id = story.goal_id
    story.tell(
        GoalGuided(
            at=story.after(50), goal_id=goal_id, command_id=CommandId("c-1"), text="mind the API"
        ),
        GoalPaused(at=story.after(50), goal_id=goal_id, command_id=CommandId("c-2")),
    )


def _vote(story: _Story) -> None:
    pieces = tuple(
        Piece(task_id=task_id, attempt_id=attempt_id, tree=tree)
        for task_id, attempt_id, tree in story.accepted
    )
    tree = TreeHash(a_hash("joined"))
    story.tell(
        GoalJoined(
            at=story.after(120),
            goal_id=story.goal_id,
            pieces=pieces,
            tree=tree,
            head=CommitHash(a_hash("head")),
        )
    )
    subject, policy = _subject(story, tree)
    authors = (Principal("local/repair"),)
    story.tell(
        RoundOpened(
            at=story.at, goal_id=story.goal_id, subject=subject, policy=policy, authors=authors
        )
    )
    ballots = _check(story, None, 1, "joined", ("yes", "yes", "unknown"), subject.hash)
    certificate = Certificate(subject=subject, policy=policy, authors=authors, ballots=ballots)
    story.tell(QuorumReached(at=story.after(5), goal_id=story.goal_id, certificate=certificate))


def _publish(story: _Story) -> None:
    goal_id, head = story.goal_id, CommitHash(a_hash("head"))
    partial = len(story.accepted) < 2
    story.tell(
        PublicationIntended(
            at=story.after(10),
            goal_id=goal_id,
            branch=branch_of(goal_id),
            head=head,
            tree=TreeHash(a_hash("joined")),
            title=f"[partial] {TITLE}" if partial else TITLE,
            body=digest(BODY.encode()),
            partial=partial,
        ),
        PublicationDone(
            at=story.after(200), goal_id=goal_id, number=1, branch=branch_of(goal_id), head=head
        ),
    )
    left = "; partial, 1 task(s) open" if partial else ""
    _end(story, GoalStatus.DONE, f"pull request #1 is open{left}")


def _end(story: _Story, status: GoalStatus, reason: str) -> None:
    story.tell(GoalEnded(at=story.after(1), goal_id=story.goal_id, status=status, reason=reason))


# Sentences --------------------------------------------------------------------------------------


def _contract(
    story: _Story,
    kind: TaskKind,
    title: str,
    *,
    number: int = 1,
    aspect: str = "",
    subject: CheckSubject | None = None,
) -> Contract:
    return Contract(
        task_id=story.task(number),
        goal_id=story.goal_id,
        kind=kind,
        title=title,
        targets=(TestId(title.removeprefix("Fix ")),) if kind is TaskKind.WRITE else (),
        value=story.goal.value,
        budget=story.goal.budget // 4,
        seconds=600,
        aspect=aspect,
        subject=subject,
    )


def _announce(story: _Story, contract: Contract) -> None:
    story.tasks += 1
    story.tell(TaskAnnounced(at=story.after(1), goal_id=story.goal_id, contract=contract))


def _grant(
    story: _Story, task_id: TaskId, agent: str, strategy: str, *, price: int, seconds: int
) -> AttemptId:
    story.tell(_simple_clearing(story, task_id, agent, strategy, price, seconds))
    return _lease(story, task_id, agent, strategy, price=price, seconds=seconds)


def _lease(
    story: _Story, task_id: TaskId, agent: str, strategy: str, *, price: int, seconds: int
) -> AttemptId:
    story.epoch += 1
    before = [e for e in story.events if isinstance(e, LeaseGranted)]
    number = 1 + sum(task_of(event.attempt_id) == task_id for event in before)
    granted = LeaseGranted(
        at=story.after(2),
        goal_id=story.goal_id,
        attempt_id=nth_attempt(task_id, number),
        agent_id=AgentId(agent),
        host=HOST,
        strategy=strategy,
        family="search",
        principal=Principal("local/repair"),
        epoch=story.epoch,
        price=price,
        seconds=seconds,
        probability_used=310_000,
        reserved=3 * price,
        duration_ms=30_000,
    )
    story.tell(granted)
    return granted.attempt_id


def _clearing(story: _Story, winners: dict[int, str]) -> MarketCleared:
    scores = tuple(
        _scored(story.task(number), f"writer-{strategy}", strategy, 5_000, index)
        for number in winners
        for index, strategy in enumerate(WRITERS)
    )
    won = {(story.task(number), f"writer-{strategy}") for number, strategy in winners.items()}
    return _cleared(story, scores, won)


def _simple_clearing(
    story: _Story, task_id: TaskId, agent: str, strategy: str, price: int, seconds: int
) -> MarketCleared:
    return _cleared(story, (_scored(task_id, agent, strategy, price, 0),), {(task_id, agent)})


def _cleared(
    story: _Story, scores: tuple[ScoredBid, ...], won: set[tuple[TaskId, str]]
) -> MarketCleared:
    reason: Reason = "lower index"
    clearing = Clearing(
        seed=f"{story.goal_id}:{story.epoch}",
        rule="market",
        alpha=20_000,
        beta=50_000,
        awards=tuple(_awarded(s) for s in scores if (s.task_id, s.agent_id) in won),
        scores=scores,
        refusals=tuple(
            Refusal(task_id=s.task_id, agent_id=s.agent_id, reason=reason)
            for s in scores
            if (s.task_id, s.agent_id) not in won
        ),
        hopeless=(),
    )
    return MarketCleared(at=story.after(1), goal_id=story.goal_id, clearing=clearing)


def _scored(task_id: TaskId, agent: str, strategy: str, price: int, rank: int) -> ScoredBid:
    return ScoredBid(
        task_id=task_id,
        agent_id=AgentId(agent),
        strategy=strategy,
        family="search",
        price=price * (1 + rank),
        seconds=30,
        probability_claimed=770_000,
        probability_used=310_000 - 50_000 * rank,
        accept=320_000,
        reward=4_000_000,
        cost=price * (1 + rank),
        index=3_900_000 - 500_000 * rank,
    )


def _awarded(score: ScoredBid) -> Award:
    return Award(
        task_id=score.task_id,
        agent_id=score.agent_id,
        strategy=score.strategy,
        family=score.family,
        price=score.price,
        seconds=score.seconds,
        probability_used=score.probability_used,
    )


def _step(
    story: _Story, attempt: AttemptId, number: int, action: str, ms: int, tree: str = ""
) -> None:
    step = Step(
        number=number,
        action=action,
        result=a_blob(action),
        cost=500,
        seconds_ms=ms,
        tree=TreeHash(a_hash(tree)) if tree else None,
    )
    story.tell(
        StepRecorded(at=story.after(ms), goal_id=story.goal_id, attempt_id=attempt, step=step)
    )


def _submit_work(story: _Story, attempt: AttemptId, tree: str, title: str, touched: str) -> None:
    story.tell(
        WorkSubmitted(
            at=story.after(40),
            goal_id=story.goal_id,
            attempt_id=attempt,
            tree=TreeHash(a_hash(tree)),
            title=title,
            why="the comparison left the boundary out",
            alternatives=(),
            touched=(touched,),
            spent=2_000,
        )
    )


def _check(
    story: _Story,
    of: int | None,
    round_: int,
    tree: str,
    verdicts: Iterable[Verdict],
    ballot_subject: Digest | None = None,
) -> tuple[Ballot, ...]:
    """Announce, award and answer the three checks of one tree; return the ballots cast."""
    asked = CheckSubject(
        base=story.goal.base,
        base_tree=BASE_TREE,
        tree=TreeHash(a_hash(tree)),
        targets=(),
        authors=(Principal("local/repair"),),
        of=None if of is None else story.task(of),
        round=round_,
        ballot_subject=ballot_subject,
    )
    ballots = []
    for (agent, role, kind, aspect), verdict in zip(CHECKERS, verdicts, strict=True):
        number = story.tasks + 1
        title = f"Check by {aspect}"
        _announce(story, _contract(story, kind, title, number=number, aspect=aspect, subject=asked))
        attempt = _grant(story, story.task(number), agent, aspect, price=500, seconds=10)
        ballot = _ballot(agent, role, ballot_subject, verdict) if ballot_subject else None
        _report(story, attempt, aspect, verdict, ballot)
        ballots += [ballot] if ballot else []
    return tuple(ballots)


def _report(
    story: _Story, attempt: AttemptId, aspect: str, verdict: Verdict, ballot: Ballot | None
) -> None:
    said = {"yes": "nothing speaks against it", "no": "one test turned red", "unknown": "no probe"}
    report = CheckReport(
        verdict=verdict,
        evidence=a_blob(f"evidence {attempt}"),
        summary=f"{aspect}: {said[verdict]}",
    )
    story.tell(
        CheckReported(
            at=story.after(2_500),
            goal_id=story.goal_id,
            attempt_id=attempt,
            report=report,
            ballot=ballot,
            spent=500,
        )
    )


def _accept(story: _Story, attempt: AttemptId, tree: str) -> None:
    task_id, hash_ = task_of(attempt), TreeHash(a_hash(tree))
    story.accepted.append((task_id, attempt, hash_))
    story.tell(
        TaskAccepted(
            at=story.after(1),
            goal_id=story.goal_id,
            task_id=task_id,
            attempt_id=attempt,
            tree=hash_,
        )
    )


def _subject(story: _Story, tree: TreeHash) -> tuple[Subject, Policy]:
    roster = tuple(_voter(agent, role, aspect) for agent, role, _, aspect in CHECKERS)
    policy = Policy(threshold=2, testers=1, roster=roster)
    subject = Subject(
        goal_id=story.goal_id,
        contract=a_blob("contract"),
        action="open-pull-request",
        repository=story.goal.repository,
        base=story.goal.base,
        tree=tree,
        policy=policy.hash,
        round=1,
    )
    return subject, policy


def _voter(agent: str, role: VoterRole, aspect: str) -> Voter:
    return Voter(
        agent_id=AgentId(agent),
        principal=Principal(f"local/{aspect}"),
        role=role,
        family=aspect,
        public_key=PublicKey(a_blob(agent)),
    )


def _ballot(agent: str, role: VoterRole, subject: Digest, verdict: Verdict) -> Ballot:
    choices: dict[Verdict, Choice] = {"yes": "yes", "no": "no", "unknown": "abstain"}
    return Ballot(
        voter=AgentId(agent),
        public_key=PublicKey(a_blob(agent)),
        role=role,
        subject=subject,
        choice=choices[verdict],
        evidence=a_blob(f"evidence {agent}"),
        event="{}",
    )
