"""One replica: what it takes and gives."""

import pytest

from swarm.domain.errors import Rejected
from swarm.domain.facts import SignedFact
from swarm.identity.public_api import Signer, verify_digest
from swarm.memory.public_api import Replica, exchange, exchange_once, open_replica
from swarm.testing.facts import a_fact, signed, verify


def replica(*claims: str) -> Replica:
    made = open_replica(verify=verify)
    for claim in claims:
        made.add(signed(a_fact(claim)))
    return made


def claims(of: Replica) -> list[str]:
    return sorted(each.fact.claim for each in of.facts())


def test_a_fact_is_taken_once() -> None:
    mine = replica()
    assert mine.add(signed(a_fact("x")))
    assert not mine.add(signed(a_fact("x")))
    assert not mine.add(signed(a_fact("x"), nonce="again"))
    assert len(mine) == 1


def test_a_fact_signed_by_two_stands_twice() -> None:
    mine = replica()
    mine.add(signed(a_fact("x"), "ann"))
    mine.add(signed(a_fact("x"), "bob"))
    assert len(mine.facts()) == 2


def test_a_bad_signature_is_rejected() -> None:
    fact = signed(a_fact("x")).model_copy(update={"fact": a_fact("y")})
    with pytest.raises(Rejected, match="signature"):
        replica().add(fact)


def test_an_endless_fact_is_rejected() -> None:
    with pytest.raises(Rejected, match="4096 are allowed"):
        replica().add(signed(a_fact("x" * 5000)))


def test_real_signatures_are_the_default() -> None:
    signer = Signer("1" * 64)
    fact = a_fact("x")
    good = SignedFact(
        fact=fact, public_key=signer.public_key, signature=signer.sign_digest(fact.hash)
    )
    mine = open_replica()
    assert mine.add(good)
    assert verify_digest(good.public_key, fact.hash, good.signature)
    with pytest.raises(Rejected, match="signature"):
        mine.add(good.model_copy(update={"fact": a_fact("y")}))


def test_facts_are_found_by_kind_and_subject_oldest_first() -> None:
    mine = open_replica(verify=verify)
    mine.add(signed(a_fact("late", kind="note", subject="a.py", at=9)))
    mine.add(signed(a_fact("early", kind="note", subject="a.py", at=1)))
    mine.add(signed(a_fact("other", kind="worked", subject="a.py")))
    assert [each.fact.claim for each in mine.facts(kind="note")] == ["early", "late"]
    assert [each.fact.claim for each in mine.facts(subject="a.py")] == ["other", "early", "late"]
    assert mine.facts(kind="failed") == ()


def test_two_replicas_exchange_what_each_lacks() -> None:
    mine, yours = replica("a", "b"), replica("b", "c")
    done = exchange(mine, yours)
    assert (claims(mine), claims(yours)) == (["a", "b", "c"], ["a", "b", "c"])
    assert [each.fact.claim for each in done.to_first.added] == ["c"]
    assert done.agree
    assert exchange(mine, yours).to_first.added == ()


def test_the_same_fact_taken_twice_at_once_ends_with_one_signature() -> None:
    mine, yours = open_replica(verify=verify), open_replica(verify=verify)
    mine.add(signed(a_fact("x"), nonce="1"))
    yours.add(signed(a_fact("x"), nonce="2"))
    assert exchange(mine, yours).agree
    assert mine.facts() == yours.facts()
    third = open_replica(verify=verify)
    assert exchange(third, mine).agree


def test_an_exchange_by_messages_brings_both_to_the_same() -> None:
    hub, host = replica("a"), replica("b")
    answer, vector = exchange_once(hub, host.state_vector(), b"")
    host.merge(answer)
    exchange_once(hub, host.state_vector(), host.update_since(vector))
    assert hub.content_hash() == host.content_hash()
    assert claims(hub) == ["a", "b"]


def test_only_what_is_new_travels() -> None:
    mine = replica(*(f"claim {n}" for n in range(50)))
    yours = open_replica(mine.save(), verify)
    mine.add(signed(a_fact("new")))
    assert len(mine.update_since(yours.state_vector())) < 600


def test_a_saved_replica_comes_back() -> None:
    mine = replica("a", "b")
    again = open_replica(mine.save(), verify)
    assert again.facts() == mine.facts()
    assert again.content_hash() == mine.content_hash()


def test_a_restart_writes_under_a_new_name() -> None:
    """The trap: an old copy that goes on under the old client id diverges without a trace."""
    old = replica("a")
    copy = old.save()
    old.add(signed(a_fact("b")))
    reborn = open_replica(copy, verify)
    reborn.add(signed(a_fact("c")))
    assert exchange(old, reborn).agree
    assert claims(old) == ["a", "b", "c"]


def test_a_damaged_file_is_rejected_with_advice() -> None:
    saved = bytearray(replica("a").save())
    saved[-20] ^= 1
    with pytest.raises(Rejected, match="damaged") as caught:
        open_replica(bytes(saved), verify)
    assert "other replicas" in caught.value.advice


@pytest.mark.parametrize("vector", [b"", b"\x01", b"\x05\x01\x01", b"\x00\x00", b"\xff" * 12])
def test_a_bad_state_vector_is_rejected(vector: bytes) -> None:
    with pytest.raises(Rejected):
        exchange_once(replica("a"), vector, b"")


def test_equal_vectors_with_different_content_are_noticed_and_mended() -> None:
    """The library lets a client id be pinned; we never do, but somebody's replica might have."""
    from pycrdt import Doc, Map

    from swarm.memory.admission import entry, key_of

    twins = [open_replica(verify=verify), open_replica(verify=verify)]
    for twin, claim in zip(twins, "ab", strict=True):
        pinned = Doc[Map[str]](client_id=7)
        fact = signed(a_fact(claim))
        pinned.get("facts", type=Map)[key_of(fact)] = entry(fact)
        assert twin.merge(pinned.get_update()).refused == ()
    assert twins[0].state_vector() == twins[1].state_vector()
    done = exchange(*twins)
    assert done.handed_over == 2
    assert done.agree
    assert claims(twins[0]) == ["a", "b"]
