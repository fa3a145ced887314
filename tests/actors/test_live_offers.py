"""A writer's card shows what its engine offers now, not what it offered when it was hired."""

from typing import cast

from swarm.actors.knowledge import Knowledge
from swarm.actors.writing import WriterMember
from swarm.domain.bids import AgentCard
from swarm.domain.names import AgentId, HostId, Principal, PublicKey
from swarm.testing.engine import ScriptedEngine, flat_curve


def test_an_engine_that_has_nothing_to_offer_for_a_while_makes_no_bid() -> None:
    engine = ScriptedEngine([])
    hired = AgentCard(
        agent_id=AgentId("writer-scripted"),
        role="writer",
        engine="scripted",
        strategy="scripted",
        family="scripted",
        principal=Principal("local/scripted"),
        public_key=PublicKey("0" * 64),
        capacity=1,
        curves=(flat_curve(),),
        host=HostId("writing#1"),
    )
    member = WriterMember(hired, engine, cast("Knowledge", None), 0)
    assert member.card == hired
    engine.offer(())
    assert not member.card.curves
    dearer = (flat_curve(price=7),)
    engine.offer(dearer)
    assert member.card == hired.model_copy(update={"curves": dearer})
