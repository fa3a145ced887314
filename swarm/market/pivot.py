"""What a foreign principal is paid: the dynamic pivot mechanism, for claims that are taken as reported.

Agents are tried by index, the first acceptance ends the search. Who is accepted is paid V - C, with C the value
of going on without it by the others' reports; who is not accepted is paid nothing and bears its own cost. What an
agent then expects is what it adds to the whole, so that telling its price and chance truly is best for it whatever they
are, and no honest agent expects a loss (Bergemann and Välimäki, Econometrica 78, 2010).

That holds for one task, independent agents, checks that do not err, and claims as reported. Where claims are replaced by what
experience makes of them it does not, and for our own agents it is not claimed: their credits are bookkeeping.
"""

from collections.abc import Mapping

from swarm.domain.money import MicroUsd
from swarm.domain.names import AgentId
from swarm.market.continuation import SCALE, fine_index
from swarm.market.index import SURE, Prospect


def tried_in_order(claims: Mapping[AgentId, Prospect]) -> tuple[AgentId, ...]:
    """Highest index first, without those that are worth nothing; ties go to the smaller name."""
    good = [agent for agent, claim in claims.items() if claim.sigma > 0]
    return tuple(sorted(good, key=lambda agent: (-fine_index(claims[agent]), agent)))


def paid_if_accepted(
    value: MicroUsd, claims: Mapping[AgentId, Prospect]
) -> dict[AgentId, MicroUsd]:
    """What each agent that may be tried is paid when its result is accepted, rounded down."""
    paid: dict[AgentId, MicroUsd] = {}
    after = 0
    for agent in reversed(tried_in_order(claims)):
        claim = claims[agent]
        paid[agent] = value + -after // SCALE
        after = claim.net * SURE + (SURE - claim.accept) * after // SURE
    return paid
