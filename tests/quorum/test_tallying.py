"""The rule, and every way round it that we know of."""

from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from swarm.domain.ballots import Ballot, Choice, Policy, Subject
from swarm.domain.canonical import digest
from swarm.domain.errors import Rejected
from swarm.domain.evidence import Evidence, EvidenceKind
from swarm.domain.grants import GRANTED, Grant
from swarm.domain.names import CommitHash, Digest, Principal, TreeHash
from swarm.domain.tasks import Finding, Verdict
from swarm.quorum.public_api import Tally, tally
from swarm.testing.ballots import Booth, a_subject

BOOTH = Booth()
SUITE, BEHAVE = BOOTH.voter("suite", "tester"), BOOTH.voter("behave", "tester")
LINT, READ = BOOTH.voter("lint"), BOOTH.voter("read")
TWIN_A, TWIN_B = BOOTH.voter("twin-a", principal="twin"), BOOTH.voter("twin-b", principal="twin")
WRITER, PERSON = BOOTH.voter("writer", principal="writer"), BOOTH.voter("person", "human")
ROSTER = (SUITE, BEHAVE, LINT, READ, TWIN_A, TWIN_B, WRITER, PERSON)
POLICY = Policy(threshold=3, testers=1, roster=ROSTER)
SUBJECT = a_subject(POLICY)
AUTHORS = (Principal("writer"),)


def count(*ballots: Ballot, subject: Subject = SUBJECT, human_veto: bool = False) -> Tally:
    return tally(subject, POLICY, AUTHORS, ballots, BOOTH.verify, human_veto)


def yes(*voters: object, subject: Subject = SUBJECT) -> tuple[Ballot, ...]:
    return tuple(BOOTH.vote(v, subject, "yes") for v in ROSTER if v in voters)


ENOUGH = yes(SUITE, LINT, READ)


def test_three_principals_with_a_tester_are_enough() -> None:
    result = count(*ENOUGH)
    assert result.reached
    assert result.yes == ("local/lint", "local/read", "local/suite")
    assert result.certificate is not None
    assert set(result.certificate.ballots) == set(ENOUGH)
    assert (result.blocked_by, result.vetoed) == ((), False)


def test_two_are_too_few() -> None:
    result = count(*yes(SUITE, LINT))
    assert (result.reached, result.certificate) == (False, None)
    assert result.blocked_by == ("2 of 3 yes votes",)
    assert not result.vetoed


def test_three_without_a_tester_are_not_enough() -> None:
    assert count(*yes(LINT, READ, TWIN_A)).blocked_by == (
        "0 of 1 testers' yes votes with evidence",
    )


def test_a_tester_without_evidence_is_no_tester() -> None:
    ballots = (BOOTH.vote(SUITE, SUBJECT, "yes", evidence=""), *yes(LINT, READ))
    assert count(*ballots).blocked_by == ("0 of 1 testers' yes votes with evidence",)


def test_a_testers_no_is_a_veto_even_without_evidence() -> None:
    result = count(*ENOUGH, BOOTH.vote(BEHAVE, SUBJECT, "no", evidence=""))
    assert result.blocked_by == ("local/behave, a tester, said no",)
    assert result.vetoed
    assert result.sends_back == ()


def test_a_reviewers_no_with_evidence_sends_back() -> None:
    result = count(*ENOUGH, BOOTH.vote(TWIN_A, SUBJECT, "no"))
    assert result.sends_back == ("twin-a",)
    assert result.vetoed
    assert not result.reached


def test_a_reviewers_no_without_evidence_is_just_a_vote() -> None:
    result = count(*ENOUGH, BOOTH.vote(TWIN_A, SUBJECT, "no", evidence=""))
    assert result.reached
    assert result.no == ("twin",)


def test_silence_is_not_consent() -> None:
    assert not count().reached


def test_a_humans_ballot_vetoes_too() -> None:
    assert count(*ENOUGH, BOOTH.vote(PERSON, SUBJECT, "no")).vetoed


def test_a_roster_with_one_principal_in_two_roles_is_refused() -> None:
    odd = Policy(
        threshold=1, testers=0, roster=(SUITE, BOOTH.voter("x", "reviewer", SUITE.principal))
    )
    with pytest.raises(Rejected, match="two roles"):
        tally(a_subject(odd), odd, AUTHORS, (), BOOTH.verify)


def test_a_roster_with_one_key_twice_is_refused() -> None:
    odd = Policy(threshold=1, testers=0, roster=(SUITE, SUITE))
    with pytest.raises(Rejected, match="twice"):
        tally(a_subject(odd), odd, AUTHORS, (), BOOTH.verify)


def test_a_subject_of_another_policy_is_refused() -> None:
    weaker = POLICY.model_copy(update={"threshold": 1})
    with pytest.raises(Rejected, match="another policy"):
        tally(SUBJECT, weaker, AUTHORS, ENOUGH, BOOTH.verify)


def test_a_key_cannot_vote_in_another_role() -> None:
    posing = LINT.model_copy(update={"role": "tester"})
    result = count(*yes(READ, TWIN_A), BOOTH.vote(posing, SUBJECT, "yes"))
    assert [each.reason for each in result.ignored] == ["its key belongs to lint (reviewer)"]


def test_a_key_cannot_vote_as_another_agent() -> None:
    posing = SUITE.model_copy(update={"agent_id": "behave"})
    forged = BOOTH.vote(posing, SUBJECT, "yes")  # signed by behave's own key, as a tester: fine
    assert count(forged).yes == ("local/behave",)
    stranger = BOOTH.vote(SUITE.model_copy(update={"agent_id": "nobody"}), SUBJECT, "yes")
    assert [each.reason for each in count(stranger).ignored] == ["its key is not in the roster"]


def test_fields_beside_the_event_count_for_nothing() -> None:
    no = BOOTH.vote(SUITE, SUBJECT, "no")
    lie = no.model_copy(update={"choice": "yes"})
    result = count(lie, *yes(LINT, READ))
    assert [each.reason for each in result.ignored] == ["it does not say what was signed"]
    assert count(lie, no).no == ("local/suite",)


def test_a_no_cannot_be_taken_back_by_signing_a_yes() -> None:
    result = count(*ENOUGH, BOOTH.vote(SUITE, SUBJECT, "no", created_at=9))
    assert result.equivocators == ("local/suite",)
    assert "local/suite" not in result.yes + result.no
    assert result.vetoed


# Evidence at hand.


def shown(
    verdict: Verdict, *, tree: str = "7" * 40, kind: EvidenceKind = "suite"
) -> tuple[Digest, Evidence]:
    evidence = Evidence(
        kind=kind,
        base=CommitHash("b" * 40),
        tree=TreeHash(tree),
        argv=("pytest",),
        environment=digest(b""),
        sandbox_mode="namespaces",
        limits={},
        outcomes=(),
        base_outcomes=(),
        targets=(),
        voided=(),
        tools={},
        findings=(),
        verdict=verdict,
    )
    return evidence.hash, evidence


def with_evidence(choice: Choice, *held: tuple[Digest, Evidence]) -> Tally:
    """One tester's and one reviewer's vote citing the first of the evidence."""
    ballots = [BOOTH.vote(v, SUBJECT, choice, evidence=held[0][0]) for v in (SUITE, LINT)]
    return tally(SUBJECT, POLICY, AUTHORS, ballots, BOOTH.verify, evidence=dict(held))


def test_evidence_that_says_the_same_carries_a_vote() -> None:
    assert with_evidence("yes", shown("yes")).yes == ("local/lint", "local/suite")


def test_evidence_about_another_tree_carries_nothing() -> None:
    result = with_evidence("yes", shown("yes", tree="8" * 40))
    assert {each.reason for each in result.ignored} == {"its evidence is about another tree"}


def test_evidence_that_says_no_carries_no_yes() -> None:
    assert with_evidence("yes", shown("no")).yes == ()


def test_evidence_that_ran_nothing_carries_no_tester() -> None:
    assert with_evidence("yes", shown("yes", kind="static")).yes == ("local/lint",)


def test_unknown_evidence_carries_no_yes_but_a_testers_no_stands() -> None:
    absent = [BOOTH.vote(v, SUBJECT, "no") for v in (SUITE, LINT)]
    result = tally(SUBJECT, POLICY, AUTHORS, absent, BOOTH.verify, evidence={})
    assert result.blocked_by[0] == "local/suite, a tester, said no"
    assert result.sends_back == ()
    agreeing = [BOOTH.vote(v, SUBJECT, "yes") for v in (SUITE, LINT, READ)]
    assert tally(SUBJECT, POLICY, AUTHORS, agreeing, BOOTH.verify, evidence={}).yes == ()


@pytest.mark.parametrize(("granted", "counts"), [("uv.lock", True), ("poetry.lock", False)])
def test_a_yes_that_passes_over_a_protected_place_needs_a_grant(granted: str, counts: bool) -> None:
    """F16: whatever a reviewer let pass is counted by what the policy says that a person granted."""
    policy = POLICY.model_copy(update={"grants": (Grant(path=granted, by="ann"),)})
    subject = a_subject(policy)
    passed = Finding(rule=GRANTED, message="was granted", path="uv.lock", blocks=False)
    evidence = shown("yes")[1].model_copy(update={"findings": (passed,)})
    ballots = [BOOTH.vote(v, subject, "yes", evidence=evidence.hash) for v in (SUITE, LINT, READ)]
    known = {evidence.hash: evidence}
    result = tally(subject, policy, AUTHORS, ballots, BOOTH.verify, evidence=known)
    assert result.reached == counts
    assert len(result.ignored) == (0 if counts else 3)


def test_evidence_filed_under_another_hash_carries_nothing() -> None:
    good, other = shown("yes"), shown("no")
    ballots = [BOOTH.vote(LINT, SUBJECT, "yes", evidence=other[0])]
    result = tally(SUBJECT, POLICY, AUTHORS, ballots, BOOTH.verify, evidence={other[0]: good[1]})
    assert [each.reason for each in result.ignored] == ["its evidence is not at hand"]


# Laws over random sets of ballots.

choices: st.SearchStrategy[Choice] = st.sampled_from(["yes", "yes", "yes", "no", "abstain"])
ballots = st.builds(
    BOOTH.vote,
    st.sampled_from(ROSTER),
    st.just(SUBJECT),
    choices,
    evidence=st.sampled_from(["e" * 64, "f" * 64, ""]),
    created_at=st.integers(0, 1),
)
boxes = st.lists(ballots, max_size=10)


def verdict(result: Tally) -> tuple[object, ...]:
    """All but the list of what was ignored."""
    return tuple(getattr(result, name) for name in Tally.model_fields if name != "ignored")


@given(boxes, st.integers())
def test_order_and_duplicates_change_nothing(box: list[Ballot], seed: int) -> None:
    again = [*box, *box[:3]]
    Random(seed).shuffle(again)
    assert count(*again) == count(*box)


@given(boxes, choices, st.integers(1, 4))
def test_keys_outside_the_roster_change_nothing(box: list[Ballot], choice: Choice, n: int) -> None:
    crowd = [BOOTH.vote(BOOTH.voter(f"sybil-{k}", "tester"), SUBJECT, choice) for k in range(n)]
    assert verdict(count(*box, *crowd)) == verdict(count(*box))


@given(boxes, choices)
def test_an_authors_vote_changes_nothing(box: list[Ballot], choice: Choice) -> None:
    assert verdict(count(*box, BOOTH.vote(WRITER, SUBJECT, choice))) == verdict(count(*box))


@given(boxes)
def test_two_keys_of_one_principal_are_one_vote(box: list[Ballot]) -> None:
    rest = [ballot for ballot in box if not ballot.voter.startswith("twin")]
    one = count(*rest, *yes(TWIN_A))
    two = count(*rest, *yes(TWIN_A, TWIN_B))
    assert (one.yes, one.reached) == (two.yes, two.reached)


@given(
    boxes,
    st.sampled_from(
        [
            a_subject(POLICY, tree="8" * 40),
            a_subject(POLICY, base="a" * 40),
            a_subject(POLICY, at=2),
        ]
    ),
)
def test_ballots_count_for_exactly_their_subject(box: list[Ballot], other: Subject) -> None:
    assert verdict(count(*box, subject=other)) == verdict(count(subject=other))
    assert verdict(count(*ENOUGH, *box, subject=other)) == verdict(count(subject=other))


@given(boxes, st.integers(0, 9))
def test_a_flipped_ballot_is_as_if_it_were_absent(box: list[Ballot], place: int) -> None:
    assume(box)
    victim = box[place % len(box)]
    assume(victim.choice != "yes")
    event = victim.event.replace(f'\\"{victim.choice}\\"', '\\"yes\\"')
    assert event != victim.event
    flipped = victim.model_copy(update={"choice": "yes", "event": event})
    assert verdict(count(*box, flipped)) == verdict(count(*box))


@given(boxes)
def test_a_human_veto_is_final(box: list[Ballot]) -> None:
    result = count(*ENOUGH, *box, human_veto=True)
    assert result.vetoed
    assert not result.reached


@given(boxes, st.sampled_from([SUITE, BEHAVE, LINT, READ]))
def test_an_equivocator_adds_nothing_in_favour(box: list[Ballot], voter: object) -> None:
    assert voter in ROSTER
    rest = [ballot for ballot in box if ballot.voter != getattr(voter, "agent_id", "")]
    both = [BOOTH.vote(v, SUBJECT, c) for v in ROSTER if v == voter for c in ("yes", "abstain")]
    before, after = count(*rest), count(*rest, *both)
    assert (after.yes, after.no, after.reached) == (before.yes, before.no, before.reached)
    assert len(after.equivocators) == len(before.equivocators) + 1


@given(boxes, st.sampled_from(ROSTER[:6]), st.sampled_from(["no", "abstain"]))
def test_a_no_or_an_abstention_never_reaches_a_quorum(
    box: list[Ballot], voter: object, choice: Choice
) -> None:
    extra = [BOOTH.vote(v, SUBJECT, choice) for v in ROSTER if v == voter]
    if not count(*box).reached:
        assert not count(*box, *extra).reached


@given(boxes)
def test_what_is_reached_obeys_the_rule_read_literally(box: list[Ballot]) -> None:
    result = count(*box)
    said = {(b.voter, b.choice) for b in box if b.voter != "writer"}
    consistent = {v for v, c in said if c == "yes" and len({d for u, d in said if u == v}) == 1}
    principals = {v.principal for v in ROSTER if v.agent_id in consistent}
    tested = any(
        b.role == "tester" and b.evidence and b.voter in consistent and b.choice == "yes"
        for b in box
    )
    veto = any(b.choice == "no" and b.role in {"tester", "human"} for b in box)
    if result.reached:
        assert len(principals) >= POLICY.threshold
        assert tested
        assert not veto
    assert (result.certificate is not None) == result.reached


@given(boxes)
def test_every_ballot_is_counted_or_ignored(box: list[Ballot]) -> None:
    result = count(*box)
    ignored = {each.event for each in result.ignored}
    assert ignored == {ballot.event for ballot in box if ballot.voter == "writer"}
    assert set(result.yes).isdisjoint(result.no)
