"""Replicas in different processes find each other through the registry, and nowhere else."""

import asyncio
from dataclasses import dataclass, field

import pytest

from swarm.actors.ports import Entry, FactsPort, News
from swarm.actors.registry import PATIENCE_SECONDS, Registry
from swarm.actors.replicas import Circle, Replicas
from swarm.domain.errors import Transient
from swarm.domain.facts import SignedFact
from swarm.domain.names import HostId
from swarm.memory.public_api import Replica, open_replica
from swarm.testing.clock import ManualClock
from swarm.testing.facts import a_fact, signed, verify

REPOSITORY = "/some/where"
FACT, OTHER = signed(a_fact("one thing")), signed(a_fact("another thing"), "bob")


@dataclass(slots=True)
class Member:
    """One process: what it holds, what of it is on its disk, and its circle."""

    circle: Circle
    saved: dict[str, bytes]
    grew: asyncio.Event

    @property
    def facts(self) -> set[SignedFact]:
        return set(self.circle.replicas.of(REPOSITORY).facts())

    async def state(self, fact: SignedFact) -> None:
        await self.circle.replicas.add(REPOSITORY, [fact])
        await self.circle.synchronise(REPOSITORY)

    async def announce(self, facts: FactsPort | None = None) -> None:
        own = self.circle.own
        entry = Entry(own, own.split("#")[0], "here", (), facts or self.circle.replicas)
        await self.circle.registry.announce(entry)


def a_member(registry: Registry, name: str) -> Member:
    disk: dict[str, bytes] = {}
    grew = asyncio.Event()

    def opened(repository: str) -> Replica:
        return open_replica(disk.get(repository, b""), verify)

    async def keep(repository: str, data: bytes) -> None:
        disk[repository] = data
        grew.set()

    circle = Circle(HostId(name), registry, Replicas(opened, keep), patience=0.05)
    return Member(circle, disk, grew)


@dataclass(slots=True)
class Gone:
    """A peer whose process has died: calls fail, or are never answered."""

    silent: bool = False
    asked: list[str] = field(default_factory=list)

    async def exchange_facts(self, repository: str, vector: bytes, update: bytes) -> News:
        self.asked.append(repository)
        if self.silent:
            await asyncio.Event().wait()
        raise Transient("an actor is away")

    async def hand_over(
        self, repository: str, facts: tuple[SignedFact, ...]
    ) -> tuple[SignedFact, ...]:
        raise Transient("an actor is away")


def a_registry() -> tuple[ManualClock, Registry]:
    clock = ManualClock()
    return clock, Registry(clock)


def test_what_one_states_reaches_everybody_in_the_registry() -> None:
    async def play() -> list[set[SignedFact]]:
        members = [a_member(registry, name) for name in ("planning#1", "writing#1", "office#1")]
        for member in members:
            await member.announce()
        await members[0].state(FACT)
        await members[1].state(OTHER)
        return [member.facts for member in members]

    _, registry = a_registry()
    planning, writing, office = asyncio.run(play())
    assert planning == writing == office == {FACT, OTHER}


def test_who_is_not_in_the_registry_hears_nothing() -> None:
    async def play() -> set[SignedFact]:
        told, hidden = a_member(registry, "planning#1"), a_member(registry, "writing#1")
        await told.announce()
        await told.state(FACT)
        return hidden.facts

    _, registry = a_registry()
    assert asyncio.run(play()) == set()


def test_who_comes_late_is_met_without_anybody_calling() -> None:
    async def play() -> set[SignedFact]:
        first, late = a_member(registry, "planning#1"), a_member(registry, "writing#1")
        await first.announce()
        await first.state(FACT)
        async with asyncio.TaskGroup() as group:
            attending = group.create_task(first.circle.attend())
            await late.announce()
            await late.grew.wait()
            attending.cancel()
        return late.facts

    _, registry = a_registry()
    assert asyncio.run(asyncio.wait_for(play(), 120)) == {FACT}


@pytest.mark.parametrize("silent", [False, True])
def test_a_dead_peer_keeps_nobody_from_sharing(silent: bool) -> None:
    async def play() -> tuple[set[SignedFact], tuple[HostId, ...]]:
        one, other, dead = (
            a_member(registry, name) for name in ("planning#1", "writing#1", "dead#1")
        )
        await dead.announce(Gone(silent))
        await other.announce()
        await one.state(FACT)
        return other.facts, await one.circle.synchronise(REPOSITORY)

    _, registry = a_registry()
    assert asyncio.run(play()) == ({FACT}, (HostId("writing#1"),))


def test_a_peer_that_the_registry_has_forgotten_is_not_asked_again() -> None:
    async def play() -> Gone:
        one, dead, gone = a_member(registry, "planning#1"), a_member(registry, "dead#1"), Gone()
        await dead.announce(gone)
        await one.state(FACT)
        clock.advance(PATIENCE_SECONDS + 1)
        await one.state(OTHER)
        return gone

    clock, registry = a_registry()
    assert asyncio.run(play()).asked == [REPOSITORY]


def test_who_was_started_anew_gets_back_what_the_others_hold() -> None:
    async def play() -> set[SignedFact]:
        one, before = a_member(registry, "planning#1"), a_member(registry, "writing#1")
        await one.announce()
        await before.announce()
        await before.state(FACT)
        anew = a_member(registry, "writing#2")
        await anew.announce()
        await anew.circle.synchronise(REPOSITORY)
        return anew.facts

    _, registry = a_registry()
    assert asyncio.run(play()) == {FACT}


def test_whoever_keeps_facts_has_them_on_its_disk_after_a_meeting() -> None:
    async def play() -> bytes:
        one, keeper = a_member(registry, "planning#1"), a_member(registry, "office#1")
        await keeper.announce()
        await one.state(FACT)
        return keeper.saved[REPOSITORY]

    _, registry = a_registry()
    assert set(open_replica(asyncio.run(play()), verify).facts()) == {FACT}


class Forgetful(Replicas):
    """Says that it has seen everything: its state vector is its peer's."""

    async def exchange_facts(self, repository: str, vector: bytes, update: bytes) -> News:
        return News(b"", vector, self.of(repository).content_hash())


def test_where_equal_vectors_hide_different_content_the_facts_change_hands() -> None:
    async def play() -> tuple[set[SignedFact], set[SignedFact]]:
        one, wrong = a_member(registry, "planning#1"), a_member(registry, "writing#1")
        shell = Forgetful(wrong.circle.replicas.opened, wrong.circle.replicas.keep)
        await shell.add(REPOSITORY, [OTHER])
        await wrong.announce(shell)
        await one.state(FACT)
        return one.facts, set(shell.of(REPOSITORY).facts())

    _, registry = a_registry()
    assert asyncio.run(play()) == ({FACT, OTHER}, {FACT, OTHER})


def test_a_forged_fact_is_not_taken_from_a_peer() -> None:
    class Forger(Forgetful):
        async def hand_over(
            self, repository: str, facts: tuple[SignedFact, ...]
        ) -> tuple[SignedFact, ...]:
            return (FACT.model_copy(update={"signature": "forged"}), OTHER)

    async def play() -> set[SignedFact]:
        one, forger = a_member(registry, "planning#1"), a_member(registry, "writing#1")
        shell = Forger(forger.circle.replicas.opened, forger.circle.replicas.keep)
        await shell.add(REPOSITORY, [OTHER])
        await forger.announce(shell)
        await one.circle.synchronise(REPOSITORY)
        return one.facts

    _, registry = a_registry()
    assert asyncio.run(play()) == {OTHER}
