"""Commands that only look: goals, agents, facts, settings, the market's reasons."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.actors.public_api import FactView, coordinator_alive, read_facts
from swarm.cli.documents import Json, goal_document, overview_document, steps_document
from swarm.cli.isolation import isolation_section
from swarm.cli.market_record import became
from swarm.cli.overview import overview
from swarm.cli.page import page, plain_table, section
from swarm.cli.proposals import body_of, walls_of
from swarm.cli.records import AgentRecord, agent_records
from swarm.cli.session import Session, open_session
from swarm.cli.watching import Watch, find_goal
from swarm.cli.words import cell, lasted, lines, money, percent
from swarm.coordination.public_api import GoalState, Task
from swarm.domain.bids import AgentCard
from swarm.domain.errors import Rejected
from swarm.domain.names import TaskId
from swarm.forge.public_api import LocalForge
from swarm.market.public_api import explain, explain_checks
from swarm.repository.public_api import inspect
from swarm.settings.public_api import origins

# Goals ------------------------------------------------------------------------------------------


def goal_ids() -> list[str]:
    return sorted(Watch(open_session().places).catch_up().goals)


def show_all(*, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    goals = [_decided(session, s) for s in Watch(session.places).catch_up().goals.values()]
    gone = {state.goal.goal_id for state in goals if _is_gone(state)}
    now, alive = session.now(), coordinator_alive(session.places)
    session.show(overview(goals, now, alive, gone), overview_document(goals, now, alive, gone))


def show_goal(name: str, *, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    watch = Watch(session.places).catch_up()
    state = _decided(session, find_goal(watch.goals, name))
    now, walls = session.now(), walls_of(session.places, state)
    document = goal_document(
        state,
        now,
        body=body_of(session.places, state),
        runtime=watch.runtime,
        walls=walls,
    )
    whole = page(state, now, coordinator_alive(session.places), _is_gone(state))
    parts = (whole, isolation_section(state, walls))
    steps = {"steps": steps_document(state, watch.steps)}
    session.show(Group(*(part for part in parts if part)), document | steps)


def _is_gone(state: GoalState) -> bool:
    return not Path(state.goal.repository).is_dir()


def _decided(session: Session, state: GoalState) -> GoalState:
    """With what its owner has said to the forge since the coordinator last looked there."""
    if state.published is None or state.landed or not session.places.forge.is_dir():
        return state
    found = asyncio.run(
        LocalForge(session.places.forge).find(state.goal.repository, state.published.branch)
    )
    return state if found is None or found.state == "open" else replace(state, landed=found.state)


# The market -------------------------------------------------------------------------------------


_EXPLAINED = 600
"""Characters of a sentence that says why, with its figures: it ends with the reason."""


def explain_task(name: str, *, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    watch = Watch(session.places).catch_up()
    goal, _, task = name.partition(".")
    state = find_goal(watch.goals, goal)
    task_id = TaskId(f"{state.goal.goal_id}.{task}")
    found = state.tasks.get(task_id)
    if found is None:
        names = ", ".join(state.tasks)
        raise Rejected(f"there is no task {name}", advice=f"the goal's tasks: {names}")
    if found.clearing is None:
        raise Rejected(f"the market has not decided on {task_id} yet")
    bought = tuple(each.purchase for each in _checks_with(state, task_id) if each.purchase)
    told = explain(found.clearing, task_id)
    told = (*told, *(line for each in bought for line in explain_checks(each)))
    told = (*told, *became(state, found))
    document: Json = {
        "task": task_id,
        "told": told,
        "clearing": found.clearing.model_dump(mode="json"),
        "checks": [each.model_dump(mode="json") for each in bought],
    }
    session.show(lines(told, most=_EXPLAINED), document)


def _checks_with(state: GoalState, task_id: TaskId) -> Iterator[Task]:
    """The checks of a task's work, and of what a check belongs to the others."""
    subject = state.tasks[task_id].contract.subject
    for task in state.tasks.values():
        other = task.contract.subject
        if other is None:
            continue
        if other.of == task_id or (
            subject and (other.of, other.round) == (subject.of, subject.round)
        ):
            yield task


# Agents -----------------------------------------------------------------------------------------


def show_agents(*, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    cards = _cards(session)
    records = agent_records(Watch(session.places).catch_up().goals.values())
    document: Json = {
        "running": coordinator_alive(session.places),
        "agents": [card.model_dump(mode="json") for card in cards],
        "records": [asdict(record) for record in records],
    }
    session.show(_agents(cards, records), document)


def _cards(session: Session) -> tuple[AgentCard, ...]:
    """The registry's last picture, where the coordinator has left one."""
    path = session.places.agents
    if not path.is_file():
        return ()
    return tuple(AgentCard.model_validate(card) for card in json.loads(path.read_bytes()))


def _agents(cards: Sequence[AgentCard], records: Sequence[AgentRecord]) -> RenderableType:
    parts = [*([_offers(cards)] if cards else []), *([_work(records)] if records else [])]
    if not parts:
        return Text("No agent has come yet: they are there while a goal is worked on.")
    return Group(*parts)


def _offers(cards: Sequence[AgentCard]) -> RenderableType:
    table = plain_table(
        "agent", "role", "engine", "answers for it", "takes", "price", "claims", whole=True
    )
    for card in sorted(cards, key=lambda card: (card.role, card.agent_id)):
        rows = [row for curve in card.curves for row in curve.rows]
        table.add_row(
            cell(card.agent_id),
            card.role,
            cell(card.engine),
            cell(card.principal),
            f"{card.capacity} at once",
            _span([row.price for row in rows], money),
            _span([row.probability for row in rows], percent),
        )
    return section("Who offers what", table)


def _work(records: Sequence[AgentRecord]) -> RenderableType:
    table = plain_table(
        "agent", "kind", "answers for it", "bids", "tried", "accepted", "cost", "time", whole=True
    )
    for record in records:
        table.add_row(
            cell(record.agent_id),
            record.kind,
            cell(record.principal),
            str(record.bids),
            str(record.attempts),
            str(record.accepted),
            money(record.spent),
            lasted(record.milliseconds),
        )
    return section("What they have done", table)


def _span(values: list[int], shown: Callable[[int], str]) -> str:
    if not values:
        return ""
    low, high = shown(min(values)), shown(max(values))
    return low if low == high else f"{low} to {high}"


# Facts ------------------------------------------------------------------------------------------


def show_facts(repository: Path, *, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    top = str(inspect(repository.absolute()).top)
    facts = sorted(read_facts(session.places, top), key=_place_of_fact)
    document: Json = {"repository": top, "facts": [_fact_document(view) for view in facts]}
    session.show(_facts(top, facts), document)


def _place_of_fact(view: FactView) -> tuple[str, str, int]:
    fact = view.signed.fact
    return fact.kind, fact.subject, fact.at


def _facts(repository: str, facts: Sequence[FactView]) -> RenderableType:
    if not facts:
        return cell(f"Nothing is known about {repository} yet.")
    table = plain_table("kind", "about", "claim", "where", "by", "")
    for view in facts:
        fact = view.signed.fact
        table.add_row(
            fact.kind,
            cell(fact.subject, most=60),
            cell(fact.claim),
            cell(f"{fact.path}:{fact.line}" if fact.path else ""),
            cell(fact.by),
            cell("stale" if view.stale else "", "yellow"),
        )
    return table


def _fact_document(view: FactView) -> Json:
    return {
        **view.signed.fact.model_dump(mode="json"),
        "stale": view.stale,
        "public_key": view.signed.public_key,
    }


# Settings ---------------------------------------------------------------------------------------


def show_settings(*, origin: bool, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    found = origins({}, os.environ)
    table = plain_table("setting", "value", *(("from",) if origin else ()))
    for each in found:
        row = [cell(each.name), cell(each.value), *([cell(each.source)] if origin else [])]
        table.add_row(*row)
    document: Json = {
        each.name: {"value": each.value, "source": each.source} if origin else each.value
        for each in found
    }
    session.show(table, document)
