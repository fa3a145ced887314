"""The user's own coding agents among the bidders: which were brought, and the engines that run them.

What was found is one file of the state folder, written by the command line when an agent is named, and
removed when no goal is open any more. It holds no secret: a login is read where the agent itself keeps it,
when work begins.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from swarm.domain.errors import Lacking, Rejected
from swarm.engines.public_api import MAKERS, AcpTalk, AgentEngine, CliTalk, Found
from swarm.models.public_api import Answer, Ask


class NobodyThinks:
    """Implements `Models` where no model can be asked: a goal in free words is one task then."""

    async def ask(self, ask: Ask) -> Answer:
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


def engine_of(found: Found, now: Callable[[], int]) -> AgentEngine:
    if found.name in MAKERS:
        return AgentEngine(found, MAKERS[found.name].title, CliTalk(found), now=now)
    return AgentEngine(found, title_of(found), AcpTalk(found), now=now)


def title_of(found: Found) -> str:
    """Of an agent that is known by its command alone."""
    programs = (Path(each).name for each in found.argv if not each.startswith("-"))
    return f"the agent {' '.join(programs)}"[:60]
