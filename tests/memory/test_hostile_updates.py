"""Updates that want more than to add good facts. Each is made with the library itself, as an attacker would."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from swarm.domain.errors import Rejected
from swarm.domain.facts import SignedFact
from swarm.memory.admission import entry, key_of
from swarm.memory.encoding import read_clocks, read_update
from swarm.memory.public_api import Replica, exchange, open_replica
from swarm.memory.replica import LARGEST_UPDATE
from swarm.testing.facts import a_fact, signed, verify

OLD, NEW = signed(a_fact("old")), signed(a_fact("new"))
Facts = Map[object]


def victim() -> Replica:
    replica = open_replica(verify=verify)
    replica.add(OLD)
    return replica


def attack(replica: Replica, act: Callable[[Facts], object], *, at_once: bool = True) -> bytes:
    """What somebody sends who has the replica's document and does `act` to it."""
    doc = Doc[Facts]()
    facts = doc.get("facts", type=Map)
    doc.apply_update(replica.save())
    before = doc.get_state()
    if at_once:
        with doc.transaction():
            act(facts)
    else:
        act(facts)
    return doc.get_update(before)


def put(facts: Facts, fact: SignedFact) -> None:
    facts[key_of(fact)] = entry(fact)


def add_and_delete(facts: Facts) -> None:
    put(facts, NEW)
    del facts[key_of(OLD)]


def delete(facts: Facts) -> None:
    del facts[key_of(OLD)]


def overwrite(facts: Facts) -> None:
    put(facts, NEW)
    facts[key_of(OLD)] = "evil"


def replace_by_another(facts: Facts) -> None:
    facts[key_of(OLD)] = entry(NEW)


def forge(facts: Facts) -> None:
    facts[key_of(NEW)] = entry(NEW.model_copy(update={"signature": OLD.signature}))


def steal_the_signature(facts: Facts) -> None:
    thief = signed(OLD.fact, "thief")
    facts[key_of(OLD)] = entry(thief)


def odd_key(facts: Facts) -> None:
    facts["repository"] = entry(NEW)


def loose_form(facts: Facts) -> None:
    facts[key_of(NEW)] = entry(NEW) + " "


def number(facts: Facts) -> None:
    facts[key_of(NEW)] = 1


def nested(facts: Facts) -> None:
    facts[key_of(NEW)] = Map({"deep": "1"})


def clear(facts: Facts) -> None:
    facts.clear()


ATTACKS = {
    add_and_delete: "facts are never deleted",
    delete: "facts are never deleted",
    clear: "facts are never deleted",
    overwrite: "not a signed fact",
    replace_by_another: "the key is not the hash",
    steal_the_signature: "the key is not the hash",
    odd_key: "the key is not the hash",
    forge: "the signature is not good",
    loose_form: "not in canonical form",
    number: "something else than a string",
    nested: "something else than a string",
}


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("act", "reason"), ATTACKS.items())
def test_it_is_refused_whole_and_leaves_no_trace(
    act: Callable[[Facts], None], reason: str, at_once: bool
) -> None:
    replica = victim()
    before = (replica.facts(), replica.save())
    merged = replica.merge(attack(replica, act, at_once=at_once))
    assert reason in merged.refused[0].reason
    assert merged.added == ()
    assert (replica.facts(), replica.save()) == before
    honest = open_replica(replica.save(), verify)
    honest.add(NEW)
    assert exchange(replica, honest).agree
    assert len(replica) == 2


@pytest.mark.parametrize("act", ATTACKS)
def test_saying_it_twice_does_not_help(act: Callable[[Facts], None]) -> None:
    replica = victim()
    update = attack(replica, act)
    assert replica.merge(update) == replica.merge(update)
    assert replica.merge(update).refused


def test_a_deletion_of_what_has_not_arrived_is_refused() -> None:
    """It would be invisible now, and strike when the fact comes."""
    replica, source = victim(), victim()
    source.add(NEW)
    update = attack(source, lambda facts: facts.pop(key_of(NEW)))
    assert replica.merge(update).refused[0].reason.startswith("the update builds on something")
    assert exchange(replica, source).agree
    assert len(replica) == 2


def test_an_overwriting_of_what_has_not_arrived_is_refused() -> None:
    replica, source = open_replica(verify=verify), victim()
    update = attack(source, overwrite)
    assert replica.merge(update).refused
    assert exchange(replica, source).agree
    assert [each.fact.claim for each in replica.facts()] == ["old"]


def test_an_update_with_a_gap_is_refused_and_the_whole_one_taken() -> None:
    replica, source = open_replica(verify=verify), open_replica(verify=verify)
    source.add(OLD)
    middle = source.state_vector()
    source.add(NEW)
    refused = replica.merge(source.update_since(middle)).refused
    assert refused[0].reason == "the update builds on something that is not here"
    assert len(replica.merge(source.save()).added) == 2


def another_map() -> bytes:
    doc = Doc[Map[str]]()
    doc.get("other", type=Map)["a"] = "b"
    return doc.get_update()


def an_array() -> bytes:
    doc = Doc[Array[str]]()
    doc.get("facts", type=Array).append("a")
    return doc.get_update()


def a_text() -> bytes:
    doc = Doc[Text]()
    doc.get("facts", type=Text).insert(0, "a")
    return doc.get_update()


@pytest.mark.parametrize(
    "update", [another_map(), an_array(), a_text()], ids=["another map", "an array", "a text"]
)
def test_nothing_else_may_grow_in_the_document(update: bytes) -> None:
    assert victim().merge(update).refused


def test_a_duplicate_changes_nothing() -> None:
    replica = victim()
    update = attack(replica, lambda facts: put(facts, NEW))
    assert len(replica.merge(update).added) == 1
    before = replica.save()
    assert replica.merge(update).added == ()
    assert replica.save() == before


@pytest.mark.parametrize("data", [b"\x00", b"\x01", b"\x00\x00\x00", b"\xff" * 30, b"no update"])
def test_noise_is_refused(data: bytes) -> None:
    replica = victim()
    assert replica.merge(data).refused
    assert len(replica) == 1


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def text(word: str) -> bytes:
    return varint(len(word.encode())) + word.encode()


def item_after(client: int, clock: int) -> bytes:
    """An entry that overwrites another one."""
    return bytes([0x80 | 0x20 | 8]) + varint(client) + varint(clock) + b"\x01w" + text("evil")


def block(client: int, *items: bytes) -> bytes:
    return varint(len(items)) + varint(client) + varint(0) + b"".join(items)


def whole(*blocks: bytes) -> bytes:
    return varint(len(blocks)) + b"".join(blocks) + b"\x00"


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (whole(block(5, item_after(5, 0))), "builds on a later one"),
        (whole(block(5, item_after(5, 9))), "builds on a later one"),
        (whole(block(5, item_after(6, 0)), block(6, item_after(5, 0))), "cannot be placed"),
        (whole(block(5, item_after(6, 0))), "builds on something that is not here"),
        (whole(block(5), block(5)), "a client occurs twice"),
        (b"\x00" * (LARGEST_UPDATE + 1), "larger than"),
    ],
)
def test_items_in_impossible_places_are_refused(update: bytes, reason: str) -> None:
    replica = victim()
    before = replica.save()
    assert reason in replica.merge(update).refused[0].reason
    assert replica.save() == before


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    for read in (read_update, read_clocks):
        try:
            read(data)
        except Rejected:
            continue


@given(st.integers(0), st.integers(1, 3))
def test_a_damaged_update_adds_only_good_facts_or_nothing(seed: int, flips: int) -> None:
    dice, replica, source = random.Random(seed), victim(), victim()
    source.add(NEW)
    update = bytearray(source.save())
    for _ in range(flips):
        update[dice.randrange(len(update))] ^= 1 << dice.randrange(8)
    replica.merge(bytes(update))
    assert {each.fact.claim for each in replica.facts()} <= {"old", "new"}
    other = open_replica(replica.save(), verify)
    other.add(signed(a_fact("after")))
    assert exchange(replica, other).agree


def test_our_own_updates_are_read_as_what_they_are() -> None:
    source = victim()
    source.add(NEW)
    update = read_update(source.save())
    assert update.ends == read_clocks(source.state_vector())
    assert set(update.begins.values()) == {0}
    assert update.reaches == {}
