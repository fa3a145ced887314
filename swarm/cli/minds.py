"""Bringing a model in: from the settings and the user's environment to the file that the gateway reads.

The key is read from the environment variable that its maker's own tools read. It goes into one file of
the state folder that only its owner can read, and is removed when no goal is open any more.
"""

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime

from pydantic import SecretStr

from swarm.actors.public_api import Places, coordinator_alive
from swarm.cli.own_agents import found_agent, hand_over, is_own_agent, route_of_agent
from swarm.cli.session import open_session
from swarm.domain.errors import Rejected
from swarm.models.public_api import (
    ADDRESSES,
    MODELS,
    Route,
    Speech,
    checked,
    read_price,
    read_routes,
    views,
    write_routes,
)
from swarm.settings.public_api import Settings

SPEECHES: Mapping[str, Speech] = {"claude": "anthropic", "openai": "openai"}
KEYS: Mapping[str, str] = {"claude": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}


def bring_models(engine: str | None, model: str | None, base_url: str | None) -> None:
    """Make the model, or the user's own agent, known to whoever works on goals; nothing where none is
    wanted.

    Raises NeedsHuman without a key or a price, Rejected for an address that will not do, and while a
    coordinator is at work that knows other models.
    """
    given = {"engine": engine, "engine_model": model, "engine_url": base_url}
    overrides = {name: value for name, value in given.items() if value is not None}
    session = open_session(overrides=overrides)
    if not session.settings.engine:
        if overrides:
            raise Rejected("a model is named but no engine", advice="--engine claude, or openai")
        return
    if is_own_agent(session.settings.engine):
        found = found_agent(session.settings, os.environ, session.now() // 1000)
        open_session(overrides=overrides, make=True)
        routes = (route_of_agent(found, session.settings, os.environ),) if found.relayed else ()
        views(routes, _today(session.now()))
        hand_over(session.places, found, routes)
        return
    route = route_of(session.settings, os.environ)
    views((route,), _today(session.now()))
    open_session(overrides=overrides, make=True)
    _hand_over(session.places, route)


def _today(at: int) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).date()


def route_of(settings: Settings, environ: Mapping[str, str]) -> Route:
    """Raises Rejected and NeedsHuman for what no call could be made with."""
    speech = SPEECHES[settings.engine]
    return checked(
        Route(
            name=settings.engine,
            protocol=speech,
            model=settings.engine_model or MODELS[speech],
            base_url=settings.engine_url or ADDRESSES[speech],
            key=SecretStr(environ.get(KEYS[settings.engine], "")),
            price=read_price(settings.engine_price) if settings.engine_price else None,
        )
    )


def _hand_over(places: Places, route: Route) -> None:
    if read_routes(places.routes) == (route,):
        return
    if coordinator_alive(places):
        raise Rejected(
            "goals are being worked on without this model",
            advice="wait until they have ended (swarm show), then run this again",
        )
    places.own_agents.unlink(missing_ok=True)
    write_routes(places.routes, (route,))
