"""What follows by itself: judging, joining, voting, ending. Each test tells where its story differs."""

from dataclasses import replace

import pytest

from swarm.coordination.public_api import (
    Accepted,
    AgentCommand,
    Ask,
    Attempt,
    Dropped,
    ExpireLease,
    GiveUp,
    GoalState,
    Pause,
    Play,
    Rules,
    Say,
    Stop,
    Veto,
    closed,
    duty,
    evolve,
    fold,
    merged,
    overtime_of,
    seconds_for,
    unpublishable,
)
from swarm.domain.bids import AgentCard, Decline
from swarm.domain.errors import Rejected
from swarm.domain.events import LeaseGranted, QuorumDenied, TaskAccepted, TaskReopened
from swarm.domain.goals import GoalStatus
from swarm.domain.names import CommandId, GoalId, TreeHash, nth_attempt, nth_task
from swarm.domain.tasks import Contract, TaskKind, Verdict
from swarm.market.public_api import explain
from swarm.quorum.public_api import verify_certificate
from swarm.testing.coordination import (
    CREW,
    Script,
    World,
    a_card,
    a_contract,
    a_reviewer,
    a_tester,
    a_world,
    drive,
    kind_of,
    of_kind,
    subject_of,
    verify,
    voters,
)
from swarm.testing.events import GOAL, a_finished_goal, a_goal, a_hash

T2, T3 = nth_task(GOAL, 2), nth_task(GOAL, 3)


def checks_say(verdict: Verdict, *, rounds: int = 100, joined_tree: bool = False) -> Script:
    """So many times the suite says that, of single patches or of the joined tree."""
    left = [rounds]

    def script(world: World, attempt: Attempt) -> AgentCommand | None:
        subject = subject_of(world, attempt)
        if kind_of(world, attempt) is not TaskKind.TEST or subject is None:
            return None
        if (subject.of is None) is not joined_tree or left[0] == 0:
            return None
        left[0] -= 1
        return world.checked(attempt, verdict)

    return script


def give_up(kind: TaskKind) -> Script:
    def script(world: World, attempt: Attempt) -> GiveUp | None:
        if kind_of(world, attempt) is not kind:
            return None
        return GiveUp(attempt_id=attempt.attempt_id, epoch=attempt.epoch, reason="no idea", spent=0)

    return script


def writers_of(state: GoalState, task: int = 2) -> list[str]:
    held = state.tasks[nth_task(GOAL, task)].attempts
    return [str(state.attempts[each].agent_id) for each in held]


def test_a_goal_goes_from_a_sentence_to_a_pull_request() -> None:
    state = drive(a_world(a_contract(2), a_contract(3)))
    assert state.status is GoalStatus.DONE
    assert state.intended is not None
    assert not state.intended.partial


def test_the_certificate_holds_for_whoever_checks_it_again() -> None:
    world = a_world()
    certificate = drive(world).certificate
    assert certificate is not None
    assert verify_certificate(certificate, verify, evidence=world.evidence) == ()


def test_work_that_was_sent_back_goes_to_the_same_agent_with_the_findings() -> None:
    state = drive(a_world(), checks_say("no", rounds=1))
    first, second = writers_of(state)
    assert first == second
    assert [finding.rule for finding in state.tasks[T2].findings] == ["regression"]
    assert state.status is GoalStatus.DONE


def test_after_two_rounds_another_strategy_tries_and_has_two_rounds_too() -> None:
    state = drive(a_world(), checks_say("no"))
    first, *others = writers_of(state)
    assert others[:2] == [first, first]
    assert others[2] != first
    assert others[2:] == [others[2]] * 3


def test_after_six_attempts_a_task_is_dropped_with_a_report() -> None:
    state = drive(a_world(), checks_say("no"))
    phase = state.tasks[T2].phase
    assert isinstance(phase, Dropped)
    assert "6 attempts, none accepted" in phase.reason
    assert state.status is GoalStatus.FAILED


def test_a_second_writer_waits_while_sent_back_work_takes_the_last_slot() -> None:
    goal = a_goal().model_copy(update={"writers": 1})
    world = a_world(a_contract(2), a_contract(3), goal=goal)
    state = drive(world, checks_say("no", rounds=2))
    assert state.status is GoalStatus.DONE
    assert writers_of(state)[0] == writers_of(state)[1]


def test_sent_back_work_without_money_is_dropped_rather_than_kept_waiting() -> None:
    world = a_world(a_contract(2, budget=500))
    state = drive(world, checks_say("no"))
    assert isinstance(state.tasks[T2].phase, Dropped)
    assert (state.status, state.cause) == (GoalStatus.FAILED, "budget")


def test_sent_back_work_whose_writer_is_gone_goes_to_somebody_else() -> None:
    def says_no_and_the_writer_leaves(world: World, attempt: Attempt) -> AgentCommand | None:
        if kind_of(world, attempt) is not TaskKind.TEST or len(world.cards) < len(CREW):
            return None
        gone = writers_of(world.state)[0]
        world.cards = tuple(card for card in CREW if card.agent_id != gone)
        return world.checked(attempt, "no")

    state = drive(a_world(), says_no_and_the_writer_leaves)
    first, second = writers_of(state)
    assert first != second
    assert state.status is GoalStatus.DONE


def test_when_the_suite_cannot_tell_the_task_is_dropped_and_says_so() -> None:
    state = drive(a_world(), checks_say("unknown"))
    phase = state.tasks[T2].phase
    assert isinstance(phase, Dropped)
    assert "could not tell" in phase.reason


def test_a_reviewer_that_cannot_tell_does_not_stop_a_green_suite() -> None:
    def unsure(world: World, attempt: Attempt) -> AgentCommand | None:
        if kind_of(world, attempt) is not TaskKind.REVIEW:
            return None
        of = subject_of(world, attempt)
        return world.checked(attempt, "unknown") if of is not None and of.of else None

    assert drive(a_world(), unsure).status is GoalStatus.DONE


def test_a_task_whose_dependency_was_dropped_is_dropped() -> None:
    world = a_world(a_contract(2), a_contract(3, after=(2,)))
    state = drive(world, give_up(TaskKind.WRITE))
    phase = state.tasks[T3].phase
    assert isinstance(phase, Dropped)
    assert phase.reason == f"it needs {T2}, which was dropped"
    assert state.tasks[T3].attempts == ()


def test_a_task_waits_until_its_dependency_is_accepted() -> None:
    world = a_world(a_contract(2), a_contract(3, after=(2,)))
    drive(world)
    accepted = world.events.index(next(e for e in world.events if isinstance(e, TaskAccepted)))
    begun = [
        number
        for number, event in enumerate(world.events)
        if isinstance(event, LeaseGranted) and event.attempt_id == nth_attempt(T3, 1)
    ]
    assert accepted < begun[0]


def test_a_conflict_reopens_the_later_task_on_the_joined_tree() -> None:
    world = a_world(a_contract(2), a_contract(3))
    state = drive(world, conflicts=[1])
    (reopened,) = (event for event in world.events if isinstance(event, TaskReopened))
    first = state.tasks[T2].phase
    assert isinstance(first, Accepted)
    assert (reopened.task_id, reopened.onto) == (T3, a_hash(first.tree))
    assert state.status is GoalStatus.DONE


def test_after_two_reopenings_a_conflicting_task_is_dropped_and_the_rest_is_partial() -> None:
    world = a_world(a_contract(2), a_contract(3))
    state = drive(world, conflicts=[1, 1, 1])
    assert state.tasks[T3].reopened == 2
    assert isinstance(state.tasks[T3].phase, Dropped)
    assert state.intended is not None
    assert state.intended.partial
    assert state.reason == "pull request #1 is open; partial, 1 task(s) open"


def test_a_red_join_is_denied_and_the_last_task_is_done_again_on_the_others() -> None:
    world = a_world(a_contract(2), a_contract(3))
    state = drive(world, checks_say("no", rounds=1, joined_tree=True))
    assert [reopened.type for reopened in of_kind(world.events, "task.reopened")] == [
        "task.reopened"
    ]
    assert [bool(each.denied) for each in state.rounds] == [True, False]
    assert state.status is GoalStatus.DONE


def test_a_join_that_stays_red_loses_its_last_task_first() -> None:
    world = a_world(a_contract(2), a_contract(3))
    state = drive(world, checks_say("no", rounds=3, joined_tree=True))
    assert isinstance(state.tasks[T3].phase, Dropped)
    assert isinstance(state.tasks[T2].phase, Accepted)
    assert state.status is GoalStatus.DONE


def test_when_nothing_is_accepted_there_is_no_pull_request() -> None:
    state = drive(a_world(), give_up(TaskKind.WRITE))
    assert (state.status, state.intended) == (GoalStatus.FAILED, None)
    assert "no idea" in state.reason


def test_a_plan_that_is_refused_blocks_the_goal_with_its_reason() -> None:
    world = a_world()
    world.hear(world.planned(next(world.state.live()), (), "needs a model engine"))
    world.settle()
    assert (world.state.status, world.state.reason) == (GoalStatus.BLOCKED, "needs a model engine")


def test_a_goal_that_cannot_pay_for_its_plan_fails_for_its_budget() -> None:
    state = drive(a_world(goal=a_goal(budget=100)))
    assert (state.status, state.cause) == (GoalStatus.FAILED, "budget")


def test_a_task_is_not_dropped_while_the_money_it_needs_is_only_reserved() -> None:
    """The checks of the one task have reserved what the other costs, and spend less than that."""
    others = tuple(card for card in CREW if card.role != "writer")
    goal, writer = a_goal(budget=12_000), a_card("one", price=5_000)
    plan = (a_contract(2, budget=6_000), a_contract(3, budget=6_000))
    world = a_world(*plan, goal=goal, cards=(*others, writer))

    def submits_and_leaves(world: World, attempt: Attempt) -> AgentCommand | None:
        if kind_of(world, attempt) is TaskKind.WRITE:
            world.cards, world.is_complete = others, False
        return None

    checked = nth_task(GOAL, 4)
    drive(world, submits_and_leaves, until=lambda s: checked in s.tasks)
    world.cards, world.is_complete = (*others, writer), True
    assert world.state.free < writer.curves[0].rows[0].price
    world.settle()
    assert not any(isinstance(each.phase, Dropped) for each in world.state.tasks.values())


def test_nobody_for_a_kind_of_work_is_nobody_only_when_everybody_has_come() -> None:
    cards = tuple(card for card in CREW if card.role != "planner")
    world = a_world(cards=cards, is_complete=False)
    assert drive(world).status is GoalStatus.PLANNING
    world.is_complete = True
    state = drive(world)
    assert state.status is GoalStatus.FAILED
    assert "nobody offers to do this kind of work (plan)" in state.reason


def too_small(name: str) -> AgentCard:
    """A writer that never bids, and says why."""
    card = a_card(name)
    unfit = Decline(reason="context does not fit", told="its window is small")
    curves = tuple(curve.model_copy(update={"declines": (unfit,)}) for curve in card.curves)
    return card.model_copy(update={"curves": curves})


def test_who_did_not_bid_is_on_record_beside_who_won() -> None:
    world = a_world(cards=(*CREW, too_small("small")))
    drive(world)
    clearing = world.state.tasks[T2].clearing
    assert clearing is not None
    assert [each.agent_id for each in clearing.declined] == ["small"]
    told = explain(clearing, T2)
    assert told[-1] == "small did not bid: context does not fit (its window is small)."
    assert world.reborn() == world.goals


def test_a_task_that_fits_nobody_is_dropped_and_says_whom_it_did_not_fit() -> None:
    others = tuple(card for card in CREW if card.role != "writer")
    world = a_world(cards=(*others, too_small("small")))
    state = drive(world)
    assert state.status is GoalStatus.FAILED
    assert "small: context does not fit, its window is small" in state.reason
    assert state.tasks[T2].clearing is not None


def test_without_a_tester_no_task_is_accepted() -> None:
    cards = tuple(card for card in CREW if card.role != "tester")
    state = drive(a_world(cards=cards))
    assert (state.status, state.certificate) == (GoalStatus.FAILED, None)


def test_when_the_time_is_up_what_is_accepted_is_still_published() -> None:
    world = a_world(a_contract(2), a_contract(3))
    drive(world, until=lambda s: any(isinstance(t.phase, Accepted) for t in s.tasks.values()))
    world.time_is_up = True
    state = drive(world)
    assert state.status is GoalStatus.DONE
    assert state.intended is not None
    assert state.intended.partial


def test_checks_of_a_dropped_task_are_not_given_out_again() -> None:
    world = a_world(a_contract(2), a_contract(3))
    drive(world, until=lambda s: any(isinstance(t.phase, Accepted) for t in s.tasks.values()))
    world.time_is_up = True
    before = len(world.events)
    world.settle()
    granted = [e for e in world.events[before:] if isinstance(e, LeaseGranted)]
    asked = [world.state.tasks[world.state.attempts[e.attempt_id].task_id] for e in granted]
    assert all(t.contract.subject is None or t.contract.subject.of is None for t in asked)


def test_checks_of_the_joined_tree_that_never_answer_do_not_keep_a_goal_open() -> None:
    world = a_world(a_contract(2), a_contract(3))
    drive(world, until=lambda s: s.round is not None)
    world.time_is_up = True
    world.settle()
    assert tuple(world.state.live()) != ()
    world.overtime_is_up = True
    while not world.state.status.is_final:
        world.settle()
        assert world.do_duty() or world.state.status.is_final
    assert (world.state.status, world.state.certificate) == (GoalStatus.FAILED, None)


def test_votes_that_were_cast_in_time_count_when_the_overtime_is_up() -> None:
    world = a_world()
    drive(world, until=lambda s: s.round is not None and len(s.round.ballots) == 2)
    world.time_is_up = world.overtime_is_up = True
    assert drive(world).status is GoalStatus.DONE


def test_a_check_may_take_as_long_as_the_plan_showed_the_suite_to_take() -> None:
    world = a_world()
    world.at += 100_000
    drive(world, until=lambda s: any(t.contract.subject for t in s.tasks.values()))
    world.settle()
    check = next(world.state.live())
    assert seconds_for(world.state, check) == 300
    assert overtime_of(world.state) == 600


def test_when_the_time_is_up_and_nothing_is_accepted_the_goal_fails_for_its_time() -> None:
    world = a_world()
    world.time_is_up = True
    state = drive(world)
    assert (state.status, state.cause) == (GoalStatus.FAILED, "time")


def test_an_agent_that_expires_again_and_again_does_not_keep_a_goal_open() -> None:
    world = a_world()

    def vanish(world: World, attempt: Attempt) -> None:
        world.hear(
            ExpireLease(attempt_id=attempt.attempt_id, epoch=attempt.epoch, reason="silence")
        )

    for _ in range(6):
        vanish(world, next(world.state.live()))
        world.settle()
    assert world.state.status is GoalStatus.FAILED


# Questions ----------------------------------------------------------------------------------------


def asks_once(task: int = 2) -> Script:
    """The first writer of that task has a question."""

    def script(world: World, attempt: Attempt) -> Ask | None:
        asked = any(each.question for each in world.state.attempts.values())
        if attempt.task_id != nth_task(GOAL, task) or asked:
            return None
        return Ask(attempt_id=attempt.attempt_id, epoch=attempt.epoch, text="which one?", spent=5)

    return script


def an_asking_world(*contracts: Contract) -> World:
    world = a_world(*contracts)
    drive(world, asks_once())
    return world


def said(world: World, text: str = "the first") -> None:
    world.hear(Say(command_id=CommandId(f"say {text}"), goal_id=GOAL, text=text))


def test_a_question_stops_its_own_task_and_no_other() -> None:
    state = an_asking_world(a_contract(2), a_contract(3)).state
    assert (state.status, state.questions) == (GoalStatus.WAITING, ((T2, "which one?"),))
    assert isinstance(state.tasks[T3].phase, Accepted)
    assert state.only_waits


def test_a_question_holds_neither_a_lease_nor_money() -> None:
    state = an_asking_world().state
    (attempt,) = (each for each in state.attempts.values() if each.question)
    assert (attempt.outcome, attempt.spent, state.reserved) == ("asked", 5, 0)


def test_an_answer_lets_the_same_agent_go_on_to_the_end() -> None:
    world = an_asking_world(a_contract(2), a_contract(3))
    said(world)
    assert world.state.status is GoalStatus.RUNNING
    state = drive(world)
    assert (state.status, state.guidance) == (GoalStatus.DONE, ("the first",))
    assert len(set(writers_of(state))) == 1


def test_what_was_said_before_the_question_is_no_answer() -> None:
    world = a_world()
    said(world, "hurry")
    drive(world, asks_once())
    assert world.state.questions != ()


def test_an_asked_question_is_no_failed_try() -> None:
    world = a_world(rules=Rules(attempts=1))
    drive(world, asks_once())
    said(world)
    state = drive(world)
    assert (state.status, state.tasks[T2].failures) == (GoalStatus.DONE, ())


def test_a_paused_goal_with_a_question_waits_again_when_it_is_played() -> None:
    world = an_asking_world()
    world.hear(Pause(command_id=CommandId("p"), goal_id=GOAL))
    paused = world.state.status
    world.hear(Play(command_id=CommandId("q"), goal_id=GOAL))
    assert (paused, world.state.status) == (GoalStatus.PAUSED, GoalStatus.WAITING)


def test_a_question_that_nobody_answers_in_time_drops_its_task_alone() -> None:
    world = an_asking_world(a_contract(2), a_contract(3))
    world.time_is_up = True
    state = drive(world)
    assert state.status is GoalStatus.DONE
    assert state.intended is not None
    assert state.intended.partial


def test_a_question_that_waited_too_long_ends_the_goal_as_blocked() -> None:
    world = an_asking_world()
    world.at += world.rules.answer_ms - 1_000
    world.settle()
    assert world.state.status is GoalStatus.WAITING
    world.at += 2_000
    state = drive(world)
    assert state.status is GoalStatus.BLOCKED
    assert state.reason == "nobody answered its question: which one?"


def test_a_question_does_not_run_out_while_its_goal_is_paused() -> None:
    world = an_asking_world()
    world.hear(Pause(command_id=CommandId("p"), goal_id=GOAL))
    world.at += 2 * world.rules.answer_ms
    world.settle()
    assert world.state.questions != ()


def test_what_an_agent_left_at_its_question_is_where_it_goes_on() -> None:
    world = a_world()

    def script(world: World, attempt: Attempt) -> AgentCommand | None:
        asked = asks_once()(world, attempt)
        return asked and asked.model_copy(update={"tree": TreeHash("7" * 40)})

    drive(world, script)
    (attempt,) = (each for each in world.state.attempts.values() if each.question)
    assert attempt.left is not None
    assert attempt.left.tree == "7" * 40


def test_an_answer_when_the_asker_is_gone_goes_to_somebody_else() -> None:
    world = an_asking_world()
    (asker,) = set(writers_of(world.state))
    world.cards = tuple(card for card in world.cards if card.agent_id != asker)
    said(world)
    state = drive(world)
    assert state.status is GoalStatus.DONE
    assert writers_of(state)[-1] != asker


def test_a_question_sent_twice_is_one_question() -> None:
    world = a_world()
    drive(
        world,
        until=lambda s: any(s.tasks[a.task_id].contract.kind is TaskKind.WRITE for a in s.live()),
    )
    asked = asks_once()(world, next(world.state.live()))
    assert asked is not None
    assert len(world.hear(asked)) == 1
    assert world.hear(asked) == ()


# Votes ------------------------------------------------------------------------------------------


def test_a_vote_that_its_evidence_does_not_show_does_not_count() -> None:
    def liar(world: World, attempt: Attempt) -> AgentCommand | None:
        subject = subject_of(world, attempt)
        whole = subject is not None and subject.of is None
        tests = kind_of(world, attempt) is TaskKind.TEST
        return world.checked(attempt, "unknown", "yes") if whole and tests else None

    state = drive(a_world(), liar)
    assert (state.status, state.certificate) == (GoalStatus.FAILED, None)


def test_a_voter_that_signs_two_choices_loses_its_vote_and_is_named() -> None:
    both = a_reviewer("both ways", "static", "behaviour")
    crew = (*(card for card in CREW if card.role != "reviewer"), both)

    def wavers(world: World, attempt: Attempt) -> AgentCommand | None:
        subject = subject_of(world, attempt)
        contract = world.state.tasks[attempt.task_id].contract
        if subject is None or subject.of is not None or contract.aspect != "behaviour":
            return None
        return world.checked(attempt, "unknown")

    world = a_world(cards=crew)
    drive(world, wavers)
    denied = [event for event in world.events if isinstance(event, QuorumDenied)]
    assert denied[0].equivocators == (both.principal,)


def test_an_author_may_not_check_its_own_work() -> None:
    own = replace_card("tester", principal="local/template")
    state = drive(a_world(cards=own))
    checks = [t for t in state.tasks.values() if t.contract.kind is TaskKind.TEST]
    assert writers_of(state)[0] == "template"
    assert all(
        t.attempts == ()
        for t in checks
        if t.contract.subject and "local/template" in t.contract.subject.authors
    )


def replace_card(name: str, principal: str) -> tuple[AgentCard, ...]:
    return tuple(
        card.model_copy(update={"principal": principal}) if card.agent_id == name else card
        for card in CREW
    )


def test_a_round_is_not_opened_before_those_who_could_meet_the_rule_have_come() -> None:
    world = a_world()
    drive(world, until=lambda s: s.joined is None and all(t.is_final for t in s.tasks.values()))
    world.cards, world.is_complete = (), False
    world.do_duty()
    world.settle()
    assert world.state.rounds == ()
    world.cards, world.is_complete = CREW, True
    assert drive(world).status is GoalStatus.DONE


def test_a_rule_that_nobody_can_meet_denies_every_round() -> None:
    state = drive(a_world(rules=Rules(threshold=5)))
    assert (state.status, state.certificate) == (GoalStatus.FAILED, None)
    assert all(each.denied for each in state.rounds)


def test_the_roster_is_fixed_when_a_round_opens() -> None:
    world = a_world()
    drive(world, until=lambda s: s.round is not None)
    world.cards = (*world.cards, a_tester("newcomer"))
    state = drive(world)
    assert state.certificate is not None
    assert state.certificate.policy.roster == voters(CREW)


# Publishing -------------------------------------------------------------------------------------


def test_a_publication_that_only_a_human_can_make_possible_blocks_the_goal() -> None:
    world = a_world()
    drive(world, until=lambda s: s.intended is not None)
    world.keep(unpublishable(world.state, "no permission", world.at))
    assert (world.state.status, world.state.reason) == (GoalStatus.BLOCKED, "no permission")


def test_a_duty_is_found_again_by_a_new_process() -> None:
    world = a_world()
    drive(world, until=lambda s: s.intended is not None)
    reborn = replace(world, goals=world.reborn())
    assert drive(reborn).status is GoalStatus.DONE


def a_no(world: World, kind: type[Veto] | type[Stop] = Veto) -> None:
    fields = {"command_id": "no", "goal_id": GOAL}
    world.hear(kind.model_validate(fields | ({"reason": "not this"} if kind is Veto else {})))


def test_a_veto_after_the_intent_stops_the_publication() -> None:
    world = a_world()
    drive(world, until=lambda s: s.intended is not None)
    a_no(world)
    state = drive(world)
    assert (state.status, world.pull_request) == (GoalStatus.BLOCKED, "")
    assert [event.type for event in world.events[-3:]] == [
        "goal.vetoed", "publication.withdrawn", "goal.ended",
    ]  # fmt: skip


def test_a_stop_after_the_intent_stops_the_publication() -> None:
    world = a_world()
    drive(world, until=lambda s: s.intended is not None)
    a_no(world, Stop)
    assert (drive(world).status, world.pull_request) == (GoalStatus.CANCELLED, "")


def test_a_veto_closes_what_a_crash_had_opened_without_a_record() -> None:
    world = a_world()
    drive(world, until=lambda s: s.intended is not None)
    world.do_outside()
    a_no(world)
    state = drive(world)
    assert state.withdrawn is not None
    assert (state.withdrawn.number, world.pull_request) == (1, "closed")
    assert (state.status, state.published) == (GoalStatus.BLOCKED, None)


def test_a_veto_after_the_end_closes_the_pull_request_once() -> None:
    world = a_world()
    drive(world)
    a_no(world)
    while world.do_duty():
        pass
    assert (world.state.landed, world.pull_request) == ("closed", "closed")
    told = [event.type for event in world.events if event.type != "market.learned"]
    assert told[-2:] == ["goal.vetoed", "pull_request.closed"]


def test_a_decided_pull_request_cannot_be_vetoed_any_more() -> None:
    world = a_world()
    drive(world)
    world.keep(merged(world.state, "tree", world.at))
    with pytest.raises(Rejected, match="has ended"):
        a_no(world)


def test_nothing_is_joined_while_a_goal_is_paused() -> None:
    world = a_world()
    drive(world, until=lambda s: duty(s) is not None)
    world.hear(Pause(command_id=CommandId("c1"), goal_id=GOAL))
    assert duty(world.state) is None


def test_a_pull_request_ends_once_merged_or_closed() -> None:
    goals: dict[GoalId, GoalState] = {}
    for told in a_finished_goal():
        fold(goals, told)
    state = goals[GOAL]
    (event,) = closed(state, 7)
    gone = evolve(state, event)
    assert (state.landed, gone.landed) == ("", "closed")
    assert closed(gone, 8) == merged(gone, "tree", 8) == ()
