"""Bringing the user's own coding agent in: found on PATH, with the login that it keeps itself.

A login is read here but to see that it is there. With a key, or an address, instead of a login, the agent asks
through the gateway: the key goes where the models' keys go.
"""

import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from swarm.actors.public_api import Places, coordinator_alive
from swarm.actors.working_api import read_agents, write_agents
from swarm.domain.errors import Lacking, NeedsHuman, Rejected
from swarm.engines.public_api import (
    ANY_BY_PROTOCOL,
    MAKERS,
    Found,
    Relayed,
    find,
    laid_out,
    login_of,
)
from swarm.models.public_api import (
    ADDRESSES,
    MODELS,
    Route,
    checked,
    read_price,
    read_routes,
    write_routes,
)
from swarm.settings.public_api import Settings

ACP = "acp:"
HTTPS = 443


def found_agent(settings: Settings, environ: Mapping[str, str], now: int) -> Found:
    """Raises Lacking without the program, NeedsHuman without a login that can be used, Rejected for
    settings that contradict each other. `now`: seconds since 1970.
    """
    path, home = environ.get("PATH", os.defpath), Path(environ.get("HOME", "/"))
    if settings.engine.startswith(ACP):
        return _speaks_acp(settings, path, home)
    found = find(settings.engine, path, home, settings.engine_model)
    maker = MAKERS[settings.engine]
    if found is None:
        raise Lacking(
            f"there is no {maker.program} on PATH",
            advice=f"install {maker.title}, then {maker.log_in}",
        )
    found = found.model_copy(update={"window": settings.engine_window})
    if wants_gateway(settings, environ, now):
        model = settings.engine_model or MODELS[_relayed(found.name).protocol]
        return found.model_copy(update={"relayed": True, "model": model})
    login = login_of(maker, home, now, settings.engine_model)
    return found.model_copy(update={"hosts": hosts_of(settings) or login.hosts})


def wants_gateway(settings: Settings, environ: Mapping[str, str], now: int) -> bool:
    """An address is named; or there is a key, and no login."""
    maker = MAKERS[settings.engine]
    if settings.engine_url:
        return True
    if not environ.get(maker.relayed.key):
        return False
    try:
        login_of(maker, Path(environ.get("HOME", "/")), now, settings.engine_model)
    except NeedsHuman:
        return True
    return False


def route_of_agent(found: Found, settings: Settings, environ: Mapping[str, str]) -> Route:
    """Where the gateway asks for it. Raises Rejected and NeedsHuman for what no call could be made with."""
    relayed = _relayed(found.name)
    return checked(
        Route(
            name=found.name,
            protocol=relayed.protocol,
            model=found.model,
            base_url=settings.engine_url or ADDRESSES[relayed.protocol],
            key=SecretStr(environ.get(relayed.key, "")),
            price=read_price(settings.engine_price) if settings.engine_price else None,
            window=settings.engine_window,
        )
    )


def _relayed(name: str) -> Relayed:
    return MAKERS[name].relayed if name in MAKERS else ANY_BY_PROTOCOL


def _speaks_acp(settings: Settings, path: str, home: Path) -> Found:
    words = shlex.split(settings.engine.removeprefix(ACP))
    program = shutil.which(words[0], path=path) if words else None
    if program is None:
        raise Lacking(
            f"there is no program {words[0] if words else ''} on PATH",
            advice="--engine acp:'COMMAND'",
        )
    if settings.engine_url and (settings.engine_hosts or settings.engine_login):
        raise Rejected(
            "an agent that asks through the gateway has neither login nor network",
            advice="name an address, or engine_hosts and engine_login",
        )
    argv, shows, folders = laid_out(Path(program), path)
    return Found(
        name="acp",
        argv=(*argv, *words[1:]),
        shows=shows,
        path=folders,
        home=str(home),
        model=settings.engine_model or (MODELS["anthropic"] if settings.engine_url else ""),
        hosts=hosts_of(settings),
        relayed=bool(settings.engine_url),
        files=settings.engine_login,
        window=settings.engine_window,
    )


def hosts_of(settings: Settings) -> tuple[tuple[str, int], ...]:
    """Raises Rejected for what is no host."""
    return tuple(_host(each) for each in settings.engine_hosts)


def _host(text: str) -> tuple[str, int]:
    name, colon, port = text.partition(":")
    if not name or (colon and not (port.isascii() and port.isdigit())):
        raise Rejected(f"{text!r} is no host", advice="write it like api.example.org or host:8443")
    return name, int(port) if colon else HTTPS


def hand_over(places: Places, found: Found, routes: tuple[Route, ...]) -> None:
    """Raises Rejected while a coordinator is at work that does not know it."""
    if read_agents(places.own_agents) == (found,) and read_routes(places.routes) == routes:
        return
    if coordinator_alive(places):
        raise Rejected(
            "goals are being worked on without this agent",
            advice="wait until they have ended (swarm show), then run this again",
        )
    if routes:
        write_routes(places.routes, routes)
    else:
        places.routes.unlink(missing_ok=True)
    write_agents(places.own_agents, (found,))
