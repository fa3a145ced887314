"""The user's own coding agents among the bidders: which were brought, and the engines that run them.

What was found is one file of the state folder, written by the command line when an agent is named, and
removed when no goal is open any more. It holds no secret: a login is read where the agent itself keeps it,
when work begins.
"""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import ValidationError

from swarm.domain.errors import Lacking, Rejected
from swarm.engines.public_api import (
    MAKERS,
    AcpTalk,
    AgentEngine,
    CliTalk,
    Found,
    RelayTalk,
    Talk,
)
from swarm.models.public_api import Answer, Ask, Passages, Passed, Passing, RouteView


class NobodyThinks:
    """Implements `Minded` where no model can be asked: a goal in free words is one task then."""

    async def ask(self, ask: Ask) -> Answer:
        raise Rejected("no model can be asked here")

    async def pass_on(self, passing: Passing) -> Passed:
        raise Rejected("no model can be asked here")


def write_agents(path: Path, agents: tuple[Found, ...]) -> None:
    unfinished = path.with_suffix(f".{os.getpid()}")
    unfinished.write_text(json.dumps([each.model_dump(mode="json") for each in agents]))
    unfinished.replace(path)


def read_agents(path: Path) -> tuple[Found, ...]:
    """None where there is no file. Raises Lacking for one that is damaged."""
    try:
        return tuple(Found.model_validate(each) for each in json.loads(path.read_bytes()))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, ValidationError) as error:
        raise Lacking(f"{path} is damaged", advice="start the goal anew") from error


def engine_of(
    found: Found, views: Sequence[RouteView], models: Passages, now: Callable[[], int]
) -> AgentEngine:
    """`views`: the models that can be asked; one of the agent's name is the one that it asks."""
    title, talk = title_of(found), _talk(found, models)
    for view in views:
        if found.relayed and view.name == found.name:
            return AgentEngine(found, title, talk, now=now, price=view.price, window=view.window)
    return AgentEngine(found, title, talk, now=now, window=found.window)


def _talk(found: Found, models: Passages) -> Talk:
    if found.name not in MAKERS:
        return AcpTalk(found, models if found.relayed else None)
    return RelayTalk(found, models) if found.relayed else CliTalk(found)


def title_of(found: Found) -> str:
    """For people; an agent that is not known by name is its command."""
    if found.name in MAKERS:
        return MAKERS[found.name].title
    programs = (Path(each).name for each in found.argv if not each.startswith("-"))
    return f"the agent {' '.join(programs)}"[:60]
