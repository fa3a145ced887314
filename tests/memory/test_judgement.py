"""Which facts still hold."""

from swarm.memory.public_api import disputed, stale, standing
from swarm.testing.facts import a_fact, signed


def test_a_fact_is_stale_when_its_file_has_changed_or_gone() -> None:
    fact = a_fact(file_hash="1" * 40)
    assert not stale(fact, "1" * 40)
    assert stale(fact, "2" * 40)
    assert stale(fact, "")


def test_a_fact_about_no_file_does_not_go_stale() -> None:
    assert not stale(a_fact(), "2" * 40)


def test_two_claims_about_one_subject_are_disputed() -> None:
    here, there = signed(a_fact("tabs")), signed(a_fact("spaces"))
    same = signed(a_fact("tabs", subject="docs"))
    assert disputed([here, there, same]) == ((here, there),)


def test_agreement_is_no_dispute() -> None:
    assert disputed([signed(a_fact("tabs", at=1)), signed(a_fact("tabs", at=2), "bob")]) == ()


def test_several_failures_of_one_subject_are_no_dispute() -> None:
    facts = [signed(a_fact(claim, kind="failed")) for claim in ("a", "b")]
    assert disputed(facts) == ()


def test_an_author_may_supersede_its_own_claim_and_settle_a_dispute() -> None:
    old = signed(a_fact("tabs"))
    new = signed(a_fact("spaces", supersedes=(old.fact.hash,)))
    assert standing([old, new]) == (new,)
    assert disputed([old, new]) == ()


def test_nobody_else_can_take_a_claim_away() -> None:
    old = signed(a_fact("tabs"))
    new = signed(a_fact("spaces", by="bob", supersedes=(old.fact.hash,)), "bob")
    assert standing([old, new]) == (old, new)
    assert disputed([old, new]) == ((old, new),)
