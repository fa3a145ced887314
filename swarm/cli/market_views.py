"""The market at one look: what agents have shown, what waits, where the money is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.actors.public_api import canary_costs
from swarm.cli.documents import Json
from swarm.cli.market_checks import errors_document, errors_view
from swarm.cli.market_page import Drawing, Point, drawn, page_of, table_of
from swarm.cli.market_record import Shown, shown_by
from swarm.cli.market_replay import NOTE, usual_rules
from swarm.cli.market_spending import (
    CheckSpending,
    check_spending,
    spending_document,
    spending_view,
)
from swarm.cli.page import plain_table, section
from swarm.cli.session import Session, open_session
from swarm.cli.words import cell, lasted
from swarm.coordination.public_api import GoalState, Open, books, rebuild, remembering
from swarm.domain.experience import Experience
from swarm.domain.money import CERTAIN, USD, dollars
from swarm.domain.names import AgentId, TaskId
from swarm.journal.public_api import read_only
from swarm.market.public_api import (
    Key,
    Ledger,
    centre,
    cost_factor,
    deviation,
    rate,
    time_factor,
)


@dataclass(frozen=True, slots=True)
class Waiting:
    task_id: TaskId
    milliseconds: int


def show_market(*, html: Path | None, as_json: bool) -> None:
    session = open_session(as_json=as_json)
    table, goals = _read(session)
    waiting = tuple(_waiting(goals, session.now()))
    ledger = books(goals)
    shown = shown_by(goals, session.now())
    spending = check_spending(goals, *canary_costs(session.places))
    if html is not None:
        html.write_text(_page(session, table, goals, waiting, ledger), encoding="utf-8")
    session.show(
        Group(
            _agents(table, shown),
            errors_view(session),
            _book(waiting),
            _money(ledger),
            spending_view(spending),
        ),
        _document(session, table, shown, waiting, ledger, spending),
    )


def _read(session: Session) -> tuple[dict[Key, Experience], tuple[GoalState, ...]]:
    table: dict[Key, Experience] = {}
    if not (session.places.journal / "journal.db").is_file():
        return table, ()
    follower = read_only(session.places.journal)
    try:
        goals = rebuild(remembering(table, (record.event for record in follower.read())))
    finally:
        follower.close()
    return table, tuple(goals.values())


def _waiting(goals: Sequence[GoalState], now: int) -> Iterator[Waiting]:
    """Longest first."""
    found = [
        Waiting(task.contract.task_id, max(now - state.touched_at, 0))
        for state in goals
        if not state.status.is_final
        for task in state.tasks.values()
        if isinstance(task.phase, Open)
    ]
    yield from sorted(found, key=lambda each: (-each.milliseconds, each.task_id))


def _agents(table: dict[Key, Experience], shown: dict[AgentId, Shown]) -> RenderableType:
    if not table:
        return Text("Nothing has been learned of any agent yet: no task has come to its end.")
    view = plain_table(
        "agent", "tries", "accepted", "true share", "claimed", "awarded on", "Brier", "skill", "cost",
        "time", "at work", whole=True,
    )  # fmt: skip
    for (agent_id, _), known in sorted(table.items()):
        share, on_record = rate(known.accepted, known.tries), shown.get(agent_id)
        view.add_row(
            cell(agent_id),
            str(known.tries),
            str(known.accepted),
            f"{_percent(share.low)} to {_percent(share.high)}",
            _claimed(on_record),
            _percent(known.expected),
            f"{known.brier / CERTAIN:.3f}",
            f"{centre(known.skill) / 1000:+.1f} ± {deviation(known.skill):.1f}",
            f"x {cost_factor(known) / CERTAIN:.2f}",
            f"x {time_factor(known) / CERTAIN:.2f}",
            "" if on_record is None else _percent(on_record.at_work),
        )
    return section("What verified outcomes have taught", view, Text(_LEGEND, style="dim"))


_LEGEND = (
    "true share: where the share of accepted tries lies with 95 %; awarded on: the chance that it was chosen with, on "
    "the mean; skill: in logits; cost, time: what it took over what it asked; at work: of the time since the first attempt"
)


def _claimed(on_record: Shown | None) -> str:
    return "" if on_record is None or on_record.claimed is None else _percent(on_record.claimed)


def _percent(ppm: int) -> str:
    return f"{ppm / 10_000:.0f} %"


def _book(waiting: Sequence[Waiting]) -> RenderableType:
    if not waiting:
        return section("The book", Text("no task waits"))
    oldest = waiting[0]
    told = f"{len(waiting)} wait, {oldest.task_id} the longest ({lasted(oldest.milliseconds)})"
    return section("The book", cell(told))


def _money(ledger: Ledger) -> RenderableType:
    flows = _flows(ledger)
    told = (
        f"{dollars(flows['deposited'])} deposited = {dollars(flows['free'])} free + "
        f"{dollars(flows['held'])} held + {dollars(flows['paid'])} paid"
    )
    return section("Money", cell(told))


def _flows(ledger: Ledger) -> dict[str, int]:
    def held_by(prefix: str) -> int:
        return sum(
            amount
            for (currency, account), amount in ledger.balances.items()
            if currency == "usd" and account.startswith(prefix)
        )

    return {
        "deposited": -ledger.balance("world"),
        "free": held_by("goal:"),
        "held": held_by("escrow:"),
        "paid": ledger.balance("provider"),
        "difference": ledger.total("usd"),
    }


def _page(
    session: Session,
    table: dict[Key, Experience],
    goals: Sequence[GoalState],
    waiting: Sequence[Waiting],
    ledger: Ledger,
) -> str:
    tried = [
        (agent, known)
        for (agent, _), known in sorted(table.items())
        if known.tries and not agent.startswith("class:")
    ]
    flows = _flows(ledger)
    return page_of(
        "The market",
        [
            drawn(_reliability(tried)),
            table_of(
                ("agent", "tries", "accepted", "awarded on", "Brier"),
                (
                    (name, e.tries, e.accepted, _percent(e.expected), f"{e.brier / CERTAIN:.3f}")
                    for name, e in tried
                ),
            ),
            drawn(_frontier(session)),
            drawn(_spending(goals)),
            table_of(("money", "amount"), ((name, dollars(flows[name])) for name in flows)),
            "<h2>Waiting</h2>",
            table_of(
                ("task", "waits"), ((each.task_id, lasted(each.milliseconds)) for each in waiting)
            )
            if waiting
            else "<p>No task waits.</p>",
        ],
    )


def _reliability(tried: Sequence[tuple[str, Experience]]) -> Drawing:
    points = []
    for name, known in tried:
        share = rate(known.accepted, known.tries)
        points.append(
            Point(
                known.expected / CERTAIN,
                known.accepted / known.tries,
                name,
                share.low / CERTAIN,
                share.high / CERTAIN,
            )
        )
    return Drawing(
        title="Reliability",
        said="What agents were awarded on against what the checks accepted, with 95 % intervals. "
        "On the line, chances are what was believed.",
        across="probability awarded on",
        upward="share accepted",
        points=tuple(points),
        diagonal=True,
    )


def _frontier(session: Session) -> Drawing:
    return Drawing(
        title="What success costs, by rule",
        said=NOTE,
        across="dollars for one task",
        upward="share of tasks accepted",
        points=tuple(
            Point(each.cost / USD, each.accepted / CERTAIN, each.rule)
            for each in usual_rules(session)
        ),
    )


def _spending(goals: Sequence[GoalState]) -> Drawing:
    ended = sorted(
        (a.ended_at, a.spent) for state in goals for a in state.attempts.values() if a.ended_at
    )
    total, points = 0, []
    for at, spent in ended:
        total += spent
        points.append(Point((at - ended[0][0]) / 3_600_000, total / USD))
    return Drawing(
        title="Spending",
        said="Dollars paid, attempt by attempt.",
        across="hours since the first attempt ended",
        upward="dollars",
        points=tuple(points),
        joined=True,
    )


def _document(
    session: Session,
    table: dict[Key, Experience],
    shown: dict[AgentId, Shown],
    waiting: Sequence[Waiting],
    ledger: Ledger,
    spending: CheckSpending,
) -> Json:
    return {
        "spending": spending_document(spending),
        "agents": [_agent(key, known, shown.get(key[0])) for key, known in sorted(table.items())],
        "checks": errors_document(session),
        "waiting": [{"task": each.task_id, "milliseconds": each.milliseconds} for each in waiting],
        "money": _flows(ledger),
    }


def _agent(key: Key, known: Experience, on_record: Shown | None) -> Json:
    share = rate(known.accepted, known.tries)
    return {
        "agent": key[0],
        "kind": key[1],
        "tries": known.tries,
        "claimed_ppm": None if on_record is None else on_record.claimed,
        "at_work_ppm": 0 if on_record is None else on_record.at_work,
        "accepted": known.accepted,
        "accepted_low_ppm": share.low,
        "accepted_high_ppm": share.high,
        "awarded_on_ppm": known.expected,
        "brier_ppm": known.brier,
        "skill_milli": centre(known.skill),
        "deviation_milli": round(deviation(known.skill) * 1000),
        "cost_factor_ppm": cost_factor(known),
        "time_factor_ppm": time_factor(known),
    }
