"""Bringing a model in: from the settings and the user's environment to the file that the gateway reads.

The key is read from the environment variable that its maker's own tools read. It goes into one file of
the state folder that only its owner can read, and is removed when no goal is open any more.
"""

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime

from pydantic import SecretStr

from swarm.actors.public_api import Places, coordinator_alive
from swarm.cli.session import Session, open_session
from swarm.domain.errors import Rejected
from swarm.models.public_api import (
    ADDRESSES,
    ALL,
    MODELS,
    Route,
    Speech,
    aged,
    checked,
    read_price,
    read_routes,
    views,
    write_routes,
)
from swarm.settings.public_api import ModelChoice, Settings

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
    others = purpose_routes(session.settings, os.environ)
    if not session.settings.engine:
        if overrides:
            raise Rejected("a model is named but no engine", advice="--engine claude, or openai")
        if others:
            views(others, _today(session.now()))
            open_session(overrides=overrides, make=True)
            _hand_over(session.places, others)
        return
    if session.settings.engine not in SPEECHES:
        _bring_own_agent(session, overrides, others)
        return
    routes = routes_of(session.settings, os.environ)
    views(routes, _today(session.now()))
    _warn_of_old_prices(session, routes)
    open_session(overrides=overrides, make=True)
    _hand_over(session.places, routes)


def _bring_own_agent(
    session: Session, overrides: Mapping[str, str], others: tuple[Route, ...]
) -> None:
    """Whoever brings a model need not wait for what only agents need to be read."""
    from swarm.cli.own_agents import found_agent, hand_over, route_of_agent

    found = found_agent(session.settings, os.environ, session.now() // 1000)
    open_session(overrides=overrides, make=True)
    own = (route_of_agent(found, session.settings, os.environ),) if found.relayed else ()
    routes = _shared(own, others)
    views(routes, _today(session.now()))
    hand_over(session.places, found, routes)


def _warn_of_old_prices(session: Session, routes: tuple[Route, ...]) -> None:
    """Where a model's cost is reckoned by a table that has grown old."""
    by_table = any(each.price is None and not each.is_local for each in routes)
    if by_table and (told := aged(_today(session.now()))):
        session.err.print(f"{told[:1].upper()}{told[1:]}", style="yellow", soft_wrap=True)


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
            window=settings.engine_window,
        )
    )


def routes_of(settings: Settings, environ: Mapping[str, str]) -> tuple[Route, ...]:
    """Of a model that writes, and of those that are named for one purpose beside it."""
    return _shared((route_of(settings, environ),), purpose_routes(settings, environ))


def purpose_routes(settings: Settings, environ: Mapping[str, str]) -> tuple[Route, ...]:
    """Of the models that are named for one purpose. Raises as `route_of` does."""
    return tuple(_purpose_route(choice, settings, environ) for choice in settings.models)


def _purpose_route(choice: ModelChoice, settings: Settings, environ: Mapping[str, str]) -> Route:
    engine = choice.engine or settings.engine
    if engine not in SPEECHES:
        raise Rejected(
            f"[models.{choice.purpose}] does not say which protocol its model speaks",
            advice='engine = "claude", or engine = "openai"',
        )
    speech = SPEECHES[engine]
    beside = settings.engine_url if engine == settings.engine else ""
    return checked(
        Route(
            name=f"{engine}-{choice.purpose}",
            protocol=speech,
            model=choice.model or MODELS[speech],
            base_url=choice.url or beside or ADDRESSES[speech],
            key=SecretStr(environ.get(KEYS[engine], "")),
            price=read_price(choice.price) if choice.price else None,
            purposes=(choice.purpose,),
            window=choice.window,
        )
    )


def _shared(own: tuple[Route, ...], others: tuple[Route, ...]) -> tuple[Route, ...]:
    """The writing one is asked for everything that no other is named for."""
    taken = {purpose for route in others for purpose in route.purposes}
    left = tuple(each for each in ALL if each not in taken)
    return (*(route.model_copy(update={"purposes": left}) for route in own), *others)


def _hand_over(places: Places, routes: tuple[Route, ...]) -> None:
    if read_routes(places.routes) == routes:
        return
    if coordinator_alive(places):
        raise Rejected(
            "goals are being worked on without this model",
            advice="wait until they have ended (swarm show), then run this again",
        )
    places.own_agents.unlink(missing_ok=True)
    write_routes(places.routes, routes)
