"""Which models a state folder's agents may ask, and who asks them. Without any there is no model engine,
and nothing else is different.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from swarm.actors.clock import Clock
from swarm.actors.crew import Cast
from swarm.actors.own_agents import NobodyThinks, engine_of, read_agents
from swarm.actors.places import Places
from swarm.actors.routes import gateway_of, views_of
from swarm.agents.public_api import Critic, Planner, Thinker
from swarm.domain.names import AgentId
from swarm.engines.public_api import Found, ModelEngine
from swarm.models.public_api import (
    SPOKEN_BY_US,
    Minded,
    Purpose,
    RouteView,
)
from swarm.settings.public_api import ToolServer
from swarm.tools.public_api import Toolset, read_approvals

PLAN_READ, PLAN_SAID = 12_000, 1_500
"""Tokens that a plan is thought out with, about."""

RESERVED_TIMES = 3
"""So many times its price may be reserved for an attempt."""

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Minds:
    """Models that can be asked, and how; and agents of the user's that think by themselves."""

    views: tuple[RouteView, ...]
    models: Minded
    agents: tuple[Found, ...] = ()
    tools: Toolset = field(default_factory=Toolset)
    """Others' servers of tools that they may use."""

    def asked(self, purpose: Purpose) -> tuple[RouteView, ...]:
        """The one for that: the first of those that are for it and speak what we speak; or none."""
        able = (view for view in self.views if view.protocol in SPOKEN_BY_US)
        return tuple(view for view in able if purpose in view.purposes)[:1]


def minds_with(
    views: tuple[RouteView, ...],
    models: Minded | None,
    agents: tuple[Found, ...],
    tools: Toolset,
) -> Minds | None:
    """None where there is nobody."""
    if not views and not agents:
        return None
    return Minds(views, models or NobodyThinks(), agents, tools)


def agents_of(places: Places) -> tuple[Found, ...]:
    """The user's own agents that were brought; none without a file. Raises for a damaged one."""
    return read_agents(places.own_agents)


def tools_of(places: Places, servers: tuple[ToolServer, ...]) -> Toolset:
    """Others' tools, and what a person has approved of them. Raises Lacking for a damaged record."""
    return Toolset(servers, read_approvals(places.approvals) if servers else {})


@asynccontextmanager
async def minds_of(
    places: Places, clock: Clock, servers: tuple[ToolServer, ...] = ()
) -> AsyncIterator[Minds | None]:
    """For one process that holds everything. `servers`: others' tools, as the settings name them."""
    seen, agents = views_of(places, clock), agents_of(places)
    tools = tools_of(places, servers)
    if not seen:
        yield minds_with((), None, agents, tools)
        return
    gateway = gateway_of(places)
    warming = asyncio.get_running_loop().run_in_executor(None, gateway.warm_up)
    try:
        yield Minds(seen, gateway, agents, tools)
    finally:
        await warming
        await gateway.close()


def with_minds(cast: Cast, minds: Minds | None, planner: AgentId, clock: Clock) -> Cast:
    """The cast, with an engine for each model that writes and each agent of the user's, a planner that asks
    the model for planning, and reviewers that ask the one for reviewing.
    """
    if minds is None:
        return cast
    lent = {each.name for each in minds.agents}
    engines = tuple(
        ModelEngine(view, minds.models, tools=minds.tools)
        for view in minds.views
        if "work" in view.purposes
        if view.name not in lent
    )
    agents = tuple(
        engine_of(each, minds.views, minds.models, lambda: clock.now() // 1000)
        for each in minds.agents
    )
    critics = tuple(
        Critic(aspect, view, minds.models, tools=minds.tools)
        for view in minds.asked("review")
        for aspect in ("opinion", "cases")
    )
    whole = replace(cast, engines=(*cast.engines, *engines, *agents), critics=critics)
    if not isinstance(cast.planner, Planner):
        return whole
    asked = minds.asked("plan")
    if not asked and not agents:
        return whole
    name = asked[0].name if asked else ""
    thinker = Thinker(minds.models, name, RESERVED_TIMES * planning_price(minds))
    return replace(whole, planner=Planner(planner, thinker=thinker))


def planning_price(minds: Minds | None) -> int:
    """What thinking a goal out costs, about, in micro-USD; nothing without a model."""
    if minds is None or not minds.asked("plan"):
        return 0
    price = minds.asked("plan")[0].price
    return (PLAN_READ * price.cache_write + PLAN_SAID * price.output) // MILLION
