"""GraphQL, as far as we ask: each question is known by its very text."""

from typing import Any

from pydantic import BaseModel

from swarm.forge.queries import EDITED, READY
from swarm.forge.served import rendering
from swarm.forge.served.calling import Call, Refused, Reply
from swarm.forge.served.world import World


class Question(BaseModel):
    query: str
    variables: dict[str, Any]


class Which(BaseModel):
    owner: str
    name: str
    number: int


def answer(world: World, call: Call) -> Reply:
    asked = call.read(Question)
    if asked.query == EDITED:
        return _edited(world, call, Which.model_validate(asked.variables))
    if asked.query == READY:
        return _ready(world, call, str(asked.variables.get("id")))
    return _wrong("this forge does not know the question")


def _edited(world: World, call: Call, which: Which) -> Reply:
    within = world.repository(f"{which.owner}/{which.name}")
    if within is None or not world.may(within, call.account, "read"):
        return _wrong("Could not resolve to a Repository")
    ticket = world.ticket(within, which.number)
    if ticket is None or ticket.pull is not None:
        return _wrong("Could not resolve to an Issue")
    edited = rendering.moment(ticket.edited)
    return Reply({"data": {"repository": {"issue": {"lastEditedAt": edited}}}})


def _ready(world: World, call: Call, node: str) -> Reply:
    number = node.removeprefix("PR_")
    ticket = world.tickets.get(int(number)) if number.isdigit() else None
    if ticket is None or ticket.pull is None:
        return _wrong("Could not resolve to a node")
    within = world.repositories.get(ticket.repository)
    if within is None or not world.may(within, call.account, "write"):
        raise Refused(403, "Resource not accessible by personal access token")
    pull = ticket.pull.model_copy(update={"draft": False})
    world.tickets.put(ticket.model_copy(update={"pull": pull, "updated": world.now()}))
    shown = {"pullRequest": {"isDraft": False}}
    return Reply({"data": {"markPullRequestReadyForReview": shown}})


def _wrong(message: str) -> Reply:
    return Reply({"data": None, "errors": [{"message": message}]})
