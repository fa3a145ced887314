"""Whatever happens on the way, replicas that have all met hold the same facts."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from swarm.domain.facts import SignedFact
from swarm.memory.public_api import Replica, exchange, open_replica
from swarm.testing.facts import a_fact, signed, verify

REPLICAS = 3
places = st.integers(0, REPLICAS - 1)


class Swarm(RuleBasedStateMachine):
    """Messages wait in a bag: they come late, twice, in any order, across partitions, or never."""

    def __init__(self) -> None:
        super().__init__()
        self.replicas = [open_replica(verify=verify) for _ in range(REPLICAS)]
        self.saved = [replica.save() for replica in self.replicas]
        self.under_way: list[tuple[int, bytes]] = []
        self.cut: set[frozenset[int]] = set()
        self.lost_or_kept: set[SignedFact] = set()

    @rule(at=places, claim=st.integers(0, 4), name=st.sampled_from(["ann", "bob"]))
    def state(self, at: int, claim: int, name: str) -> None:
        fact = signed(a_fact(f"claim {claim}"), name, nonce=str(at))
        self.replicas[at].add(fact)
        self.lost_or_kept.add(fact)

    @rule(sender=places, to=places)
    def send(self, sender: int, to: int) -> None:
        vector = self.replicas[to].state_vector()
        self.under_way.append((to, self.replicas[sender].update_since(vector)))

    @rule(which=st.integers(0), twice=st.booleans())
    def deliver(self, which: int, twice: bool) -> None:
        if self.under_way:
            to, update = self.under_way[which % len(self.under_way)]
            if not twice:
                self.under_way.remove((to, update))
            self.replicas[to].merge(update)

    @rule(one=places, other=places)
    def cut_or_join(self, one: int, other: int) -> None:
        self.cut ^= {frozenset({one, other})}

    @rule(one=places, other=places)
    def meet(self, one: int, other: int) -> None:
        if one != other and frozenset({one, other}) not in self.cut:
            assert exchange(self.replicas[one], self.replicas[other]).agree

    @rule(at=places)
    def save(self, at: int) -> None:
        self.saved[at] = self.replicas[at].save()

    @rule(at=places)
    def restart_from_what_was_saved(self, at: int) -> None:
        self.replicas[at] = open_replica(self.saved[at], verify)

    @invariant()
    def nothing_is_held_that_nobody_stated(self) -> None:
        for replica in self.replicas:
            assert set(replica.facts()) <= self.lost_or_kept

    def teardown(self) -> None:
        held = {(f.fact.hash, f.public_key) for each in self.replicas for f in each.facts()}
        for _ in range(2):
            for n in range(1, REPLICAS):
                exchange(self.replicas[0], self.replicas[n])
        assert len({replica.content_hash() for replica in self.replicas}) == 1
        assert {(f.fact.hash, f.public_key) for f in self.replicas[0].facts()} == held
        self.fresh_copies_agree()

    def fresh_copies_agree(self) -> None:
        for replica in self.replicas:
            copy: Replica = open_replica(replica.save(), verify)
            assert copy.content_hash() == replica.content_hash()


TestSwarm = Swarm.TestCase
TestSwarm.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
