"""Others' tools: what each says of itself, whether a person has approved exactly that, and the approval.

What is shown is an enemy's text until somebody has read it; the hash is taken of the same bytes that are
shown, so that what was read is what models are told.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from swarm.actors.public_api import Introduction, introductions
from swarm.cli.documents import Json
from swarm.cli.page import plain_table
from swarm.cli.session import Session, open_session
from swarm.cli.words import cell, count, legible, lines, paragraph
from swarm.domain.errors import NeedsHuman, Rejected
from swarm.tools.public_api import (
    Approval,
    Approvals,
    ToolCard,
    read_approvals,
    why_not,
    write_approvals,
)

_HOW = "name one in the settings: [tool_servers.NAME], see docs/tools.md"


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    roles: tuple[str, ...]
    why: str
    """Why it is not used; empty when it is."""

    card: ToolCard | None


def list_tools(*, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    met = introductions(session.settings.tool_servers, session.settings.sandbox)
    approvals = read_approvals(session.places.approvals)
    rows = [row for each in met for row in _rows(each, approvals)]
    session.show(_listed(met, rows), {"tools": [_document(row) for row in rows]})


def _rows(met: Introduction, approvals: Approvals) -> Iterator[_Row]:
    """The tools that lists name, then those that the server has besides."""
    server = met.server
    named = tuple(dict.fromkeys((*server.writer, *server.reviewer)))
    for tool in named:
        name = f"{server.name}__{tool}"
        roles = tuple(r for r, tools in _roles(met) if tool in tools)
        why = met.trouble or why_not(name, met.offered, approvals)
        yield _Row(name, roles, why, met.offered.cards.get(tool))
    for tool, card in met.offered.cards.items():
        if tool not in named:
            yield _Row(card.name, (), "no role's list names it", card)


def _roles(met: Introduction) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("writer", met.server.writer), ("reviewer", met.server.reviewer))


def _listed(met: Sequence[Introduction], rows: Sequence[_Row]) -> RenderableType:
    if not met:
        return Text(f"No server of tools is configured; {_HOW}")
    table = plain_table("tool", "used by", "state", "")
    for row in rows:
        state = cell(row.why, "yellow") if row.why else cell("approved", "green")
        words = row.card.description if row.card else ""
        table.add_row(cell(row.name), cell(", ".join(row.roles) or "nobody"), state, cell(words))
    return table


def _document(row: _Row) -> Json:
    return {
        "tool": row.name,
        "roles": list(row.roles),
        "used": not row.why,
        "why_not": row.why,
        "description": row.card.description if row.card else "",
        "digest": row.card.digest if row.card else "",
    }


def approve(name: str, *, yes: bool, as_json: bool) -> None:
    """Raises Rejected for a server that is not configured or not one, NeedsHuman where nobody says yes."""
    session = open_session(as_json=as_json, make=True)
    server = next((s for s in session.settings.tool_servers if s.name == name), None)
    if server is None:
        raise Rejected(f"there is no server `{legible(name, 40)}` in the settings", advice=_HOW)
    (met,) = introductions((server,), session.settings.sandbox)
    if met.trouble:
        raise Rejected(met.trouble)
    approvals = read_approvals(session.places.approvals)
    rows = [row for row in _rows(met, approvals) if row.roles]
    new = [row.card for row in rows if row.why and row.card is not None]
    if new:
        _demand_yes(session, new, yes=yes)
        at = datetime.fromtimestamp(session.now() / 1000, UTC)
        added = {card.name: Approval(digest=card.digest, at=at) for card in new}
        write_approvals(session.places.approvals, {**approvals, **added})
    told: Json = {
        "approved": [card.name for card in new],
        "left_out": {row.name: row.why for row in rows if row.card is None},
    }
    session.show(_approved(new, rows), told)


def _demand_yes(session: Session, cards: Sequence[ToolCard], *, yes: bool) -> None:
    for card in cards:
        session.say(f"{legible(card.name)}:", "bold")
        session.say(paragraph(card.description))
        session.say(legible(json.dumps(card.parameters), 16_000), "dim")
    if yes:
        return
    many = count(len(cards), "tool")
    if session.is_live and sys.stdin.isatty():
        if typer.confirm(f"May models read this, and use the {many}?", default=False, err=True):
            return
        raise NeedsHuman("nothing was approved")
    raise NeedsHuman(
        f"somebody has to read the above first ({many})",
        advice="the same with --yes, once you have",
    )


def _approved(new: Sequence[ToolCard], rows: Sequence[_Row]) -> RenderableType:
    missing = lines((f"{row.name}: {row.why}" for row in rows if row.card is None), "yellow")
    if not new:
        return Group(Text("Nothing is new: all was approved before"), missing)
    names = ", ".join(card.name for card in new)
    return Group(cell(f"approved, from the next goal on: {names}", "green"), missing)
