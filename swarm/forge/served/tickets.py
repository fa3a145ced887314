"""Issues, their comments, their labels."""

from pydantic import BaseModel, Field

from swarm.forge.port import LONGEST_BODY, LONGEST_TITLE
from swarm.forge.served import rendering
from swarm.forge.served.calling import Call, Refused, Reply, whole
from swarm.forge.served.values import Comment, Happening, Label, Repository, Ticket
from swarm.forge.served.world import World

MOST_LABELS = 100


class NewIssue(BaseModel):
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    body: str | None = Field(default="", max_length=LONGEST_BODY)
    labels: list[str] = Field(default_factory=list, max_length=MOST_LABELS)


class ChangedTicket(BaseModel):
    title: str | None = Field(default=None, min_length=1, max_length=LONGEST_TITLE)
    body: str | None = Field(default=None, max_length=LONGEST_BODY)
    state: str | None = Field(default=None, pattern="^(open|closed)$")


class Said(BaseModel):
    body: str = Field(min_length=1, max_length=LONGEST_BODY)


class Labels(BaseModel):
    labels: list[str] = Field(max_length=MOST_LABELS)


class NewLabel(BaseModel):
    name: str = Field(min_length=1, max_length=50)
    color: str = Field(default="ededed", pattern="^[0-9A-Fa-f]{6}$")
    description: str | None = Field(default="", max_length=100)


# Issues -----------------------------------------------------------------------------------------


def found_ticket(world: World, call: Call) -> Ticket:
    ticket = world.ticket(call.repository, call.number)
    if ticket is None:
        raise Refused(404, "Not Found")
    return ticket


def list_issues(world: World, call: Call) -> Reply:
    wanted = {name.lower() for name in call.query.get("labels", "").split(",") if name}
    state = call.query.get("state", "open")

    def fits(it: Ticket) -> bool:
        held = {name.lower() for name in it.labels}
        return it.repository == call.repository.id and state in ("all", it.state) and wanted <= held

    found = sorted(world.tickets.where(fits), key=lambda it: (-it.created, -it.number))
    if call.query.get("sort") == "updated":
        found.sort(key=lambda it: (-it.updated, -it.number))
    if call.query.get("direction") == "asc":
        found.reverse()
    return Reply([rendering.issue(world, it, call.repository, call.base) for it in found])


def open_issue(world: World, call: Call) -> Reply:
    asked = call.read(NewIssue)
    labels = tuple(asked.labels) if world.may(call.repository, call.account, "triage") else ()
    within = call.repository
    for name in labels:
        within = _with_label(world, within, name)
    number, now = world.next_number(within), world.now()
    ticket = Ticket(
        id=world.database.new_id(),
        repository=within.id,
        number=number,
        title=asked.title,
        body=asked.body or "",
        author=call.account.login,
        created=now,
        updated=now,
    )
    for name in labels:
        ticket = _labelled(world, ticket, within, name, call.account.login)
    world.tickets.put(ticket)
    return _shown(world, call, ticket, 201)


def get_issue(world: World, call: Call) -> Reply:
    return _shown(world, call, found_ticket(world, call))


def change_issue(world: World, call: Call) -> Reply:
    ticket = found_ticket(world, call)
    asked = call.read(ChangedTicket)
    return _shown(world, call, changed(world, call, ticket, asked))


def changed(world: World, call: Call, ticket: Ticket, asked: ChangedTicket) -> Ticket:
    """Who wrote a ticket may change it, and who may triage. Raises Refused (403)."""
    if call.account.login != ticket.author:
        demand(world, call, "triage")
    now, who = world.now(), call.account.login
    if asked.title is not None and asked.title != ticket.title:
        renamed = _happened(world, "renamed", who, before=ticket.title, after=asked.title)
        ticket = _put(ticket, title=asked.title, happened=(*ticket.happened, renamed))
    if asked.body is not None and asked.body != ticket.body:
        ticket = _put(ticket, body=asked.body, edited=now)
    if asked.state is not None and asked.state != ticket.state:
        word = "closed" if asked.state == "closed" else "reopened"
        ticket = ended(world, ticket, asked.state == "closed", word, who)
    return world.tickets.put(_put(ticket, updated=now))


def ended(world: World, ticket: Ticket, closed: bool, word: str, who: str) -> Ticket:
    event = Happening.model_validate(
        {"id": world.database.new_id(), "event": word, "actor": who, "at": world.now()}
    )
    state = "closed" if closed else "open"
    return _put(ticket, state=state, happened=(*ticket.happened, event))


def list_happenings(world: World, call: Call) -> Reply:
    ticket = found_ticket(world, call)
    return Reply(
        [rendering.happening(world, it, call.repository, call.base) for it in ticket.happened]
    )


def demand(world: World, call: Call, least: str) -> None:
    if not world.may(call.repository, call.account, least):  # type: ignore[arg-type]
        raise Refused(403, "Resource not accessible by personal access token")


def _shown(world: World, call: Call, ticket: Ticket, status: int = 200) -> Reply:
    return Reply(rendering.issue(world, ticket, call.repository, call.base), status)


def _put(ticket: Ticket, **values: object) -> Ticket:
    return ticket.model_copy(update=values)


def _happened(world: World, word: str, who: str, **values: str) -> Happening:
    return Happening.model_validate(
        {"id": world.database.new_id(), "event": word, "actor": who, "at": world.now(), **values}
    )


# Comments ---------------------------------------------------------------------------------------


def list_comments(world: World, call: Call) -> Reply:
    ticket = found_ticket(world, call)
    said = world.comments.where(
        lambda it: (it.repository, it.number) == (ticket.repository, ticket.number)
    )
    return Reply([rendering.comment(world, it, call.repository, call.base) for it in said])


def say(world: World, call: Call) -> Reply:
    ticket = found_ticket(world, call)
    if ticket.locked and not world.may(call.repository, call.account, "write"):
        raise Refused(403, "Unable to create comment because issue is locked.")
    now = world.now()
    comment = world.comments.put(
        Comment(
            id=world.database.new_id(),
            repository=ticket.repository,
            number=ticket.number,
            author=call.account.login,
            body=call.read(Said).body,
            created=now,
            updated=now,
        )
    )
    world.tickets.put(_put(ticket, updated=now))
    return Reply(rendering.comment(world, comment, call.repository, call.base), 201)


def _found_comment(world: World, call: Call) -> Comment:
    comment = world.comments.get(whole(call.at["id"]))
    if comment is None or comment.repository != call.repository.id:
        raise Refused(404, "Not Found")
    if comment.author != call.account.login:
        demand(world, call, "write")
    return comment


def change_comment(world: World, call: Call) -> Reply:
    comment = _found_comment(world, call)
    values = {"body": call.read(Said).body, "updated": world.now()}
    comment = world.comments.put(comment.model_copy(update=values))
    return Reply(rendering.comment(world, comment, call.repository, call.base))


def remove_comment(world: World, call: Call) -> Reply:
    world.comments.remove(_found_comment(world, call).id)
    return Reply(status=204)


# Labels -----------------------------------------------------------------------------------------


def list_labels(world: World, call: Call) -> Reply:
    labels = call.repository.labels.values()
    return Reply([rendering.label(it, call.repository, call.base) for it in labels])


def make_label(world: World, call: Call) -> Reply:
    asked = call.read(NewLabel)
    if asked.name.lower() in call.repository.labels:
        wrong = {"resource": "Label", "code": "already_exists", "field": "name"}
        raise Refused(422, "Validation Failed", [wrong])
    within = _with_label(world, call.repository, asked.name, asked.color, asked.description or "")
    return Reply(rendering.label(within.labels[asked.name.lower()], within, call.base), 201)


def add_labels(world: World, call: Call) -> Reply:
    ticket, within = found_ticket(world, call), call.repository
    for name in call.read(Labels).labels:
        within = _with_label(world, within, name)
        ticket = _labelled(world, ticket, within, name, call.account.login)
    world.tickets.put(_put(ticket, updated=world.now()))
    return _labels_of(ticket, within, call)


def remove_label(world: World, call: Call) -> Reply:
    ticket = found_ticket(world, call)
    gone = call.at["name"].lower()
    left = tuple(name for name in ticket.labels if name.lower() != gone)
    if left == ticket.labels:
        raise Refused(404, "Label does not exist")
    event = _happened(world, "unlabeled", call.account.login, label=call.at["name"])
    happened = (*ticket.happened, event)
    ticket = world.tickets.put(_put(ticket, labels=left, happened=happened, updated=world.now()))
    return _labels_of(ticket, call.repository, call)


def _labels_of(ticket: Ticket, within: Repository, call: Call) -> Reply:
    return Reply(
        [rendering.label(within.labels[name.lower()], within, call.base) for name in ticket.labels]
    )


def _with_label(
    world: World, within: Repository, name: str, color: str = "ededed", about: str = ""
) -> Repository:
    """GitHub makes a label that is used before there is one."""
    if name.lower() in within.labels:
        return within
    made = Label(id=world.database.new_id(), name=name, color=color, description=about)
    labels = {**within.labels, name.lower(): made}
    return world.repositories.put(within.model_copy(update={"labels": labels}))


def _labelled(world: World, ticket: Ticket, within: Repository, name: str, who: str) -> Ticket:
    proper = within.labels[name.lower()].name
    if proper in ticket.labels:
        return ticket
    event = _happened(world, "labeled", who, label=proper)
    return _put(ticket, labels=(*ticket.labels, proper), happened=(*ticket.happened, event))
