"""Rules of allocation over recorded outcomes or made-up ones: as a table, and as a document."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.cli.documents import Json
from swarm.cli.market_page import Drawing, Point, drawn, page_of, table_of
from swarm.cli.page import plain_table
from swarm.cli.session import Session, open_session
from swarm.cli.words import cell
from swarm.domain.errors import Rejected
from swarm.domain.money import CERTAIN, USD, dollars, micro_usd
from swarm.market.public_api import (
    RULES,
    WORLDS,
    Matrix,
    Setting,
    Standing,
    World,
    contest,
    contest_in,
    read_matrix,
)


def simulate_outcomes(
    path: Path | None,
    *,
    value: str,
    wrong: str | None,
    alpha: float,
    beta: float,
    orders: int,
    without: tuple[str, ...],
    rules: tuple[str, ...],
    seed: str,
    html: Path | None,
    as_json: bool,
) -> None:
    session = open_session(as_json=as_json)
    worth = micro_usd(value)
    setting = Setting(
        value=worth,
        wrong_cost=worth // 2 if wrong is None else micro_usd(wrong),
        alpha=round(alpha * CERTAIN),
        beta=round(beta * CERTAIN),
        orders=orders,
        seed=seed,
    )
    chosen = _chosen(rules)
    if path is None:
        _in_worlds(session, setting, without, rules and chosen, html)
        return
    matrix = read_matrix(_text(path), without)
    standings = tuple(contest(matrix, setting, chosen))
    if html is not None:
        html.write_text(_page(matrix, setting, standings), encoding="utf-8")
    session.show(_view(matrix, setting, standings), document_of(matrix, setting, standings))


def _in_worlds(
    session: Session,
    setting: Setting,
    without: tuple[str, ...],
    rules: tuple[str, ...],
    html: Path | None,
) -> None:
    """The market alone, unless rules are named; agents of these worlds have no names to leave out."""
    if without:
        raise Rejected("made-up agents cannot be left out", advice="name a file with --outcomes")
    found = [(world, tuple(contest_in(world, setting, rules or ("market",)))) for world in WORLDS]
    head = f"Made-up agents and tasks; {_worths(setting)}"
    rows = [row for world, standings in found for row in _rows_of(world, standings)]
    if html is not None:
        page = page_of("Rules in made-up worlds", [f"<p>{head}</p>", table_of(_HEADS, rows)])
        html.write_text(page, encoding="utf-8")
    table = plain_table(*_HEADS, whole=True)
    for row in rows:
        table.add_row(*row)
    notes = [f"{world.name}: {world.said}" for world in WORLDS]
    session.show(
        Group(Text(head), Text(""), table, Text(""), *map(Text, notes)),
        {
            "setting": asdict(setting),
            "worlds": [
                {"world": asdict(world), "rules": _ranked(standings)} for world, standings in found
            ],
        },
    )


_HEADS = ("world", "rule", "utility", "±", "wrong", "cost", "tries", "of cascade", "of single")


def _rows_of(world: World, standings: Sequence[Standing]) -> Iterator[tuple[str, ...]]:
    single, cascade = standings[0].utility, standings[1].utility
    for each in standings[2:]:
        utility, error, _, *rest = _figures(each)
        shares = _share(each.utility, cascade), _share(each.utility, single)
        yield world.name, each.rule, utility, error, *rest, *shares


def _figures(each: Standing) -> tuple[str, ...]:
    """Its utility, the error of that, what is right, what is wrong, its cost and its tries."""
    return (
        _cents(each.utility),
        _cents(each.error),
        f"{each.right / CERTAIN:.3f}",
        f"{each.wrong / CERTAIN:.3f}",
        _cents(each.cost),
        f"{each.attempts / CERTAIN:.2f}",
    )


def _share(part: int, whole: int) -> str:
    ratio = _ratio(part, whole)
    return "" if ratio is None else f"{ratio / CERTAIN:.3f}"


def _chosen(rules: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(rules) - set(RULES))
    if unknown:
        raise Rejected(
            f"there is no rule {', '.join(unknown)}", advice=f"these are: {'; '.join(RULES)}"
        )
    return rules or RULES


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"{path} cannot be read: {error}") from error


def _page(matrix: Matrix, setting: Setting, standings: Sequence[Standing]) -> str:
    frontier = Drawing(
        title="What success costs",
        said="One point for each rule: right results against dollars, both for one task.",
        across="dollars for one task",
        upward="share of tasks done right",
        points=tuple(Point(s.cost / USD, s.right / CERTAIN, s.rule) for s in standings),
    )
    heads = ("rule", "utility", "error", "right", "wrong", "cost", "attempts")
    rows = ((each.rule, *_figures(each)) for each in standings)
    return page_of(
        "Rules over recorded outcomes",
        [_head(matrix, setting), table_of(heads, rows), drawn(frontier)],
    )


def document_of(matrix: Matrix, setting: Setting, standings: Sequence[Standing]) -> Json:
    return {
        "agents": len(matrix.agents),
        "tasks": len(matrix.tasks),
        "left_out": list(matrix.left_out),
        "setting": asdict(setting),
        "rules": _ranked(standings),
    }


def _ranked(standings: Sequence[Standing]) -> list[Json]:
    single, cascade = standings[0].utility, standings[1].utility
    return [
        {
            **asdict(each),
            "of_best_single_ppm": _ratio(each.utility, single),
            "of_best_cascade_ppm": _ratio(each.utility, cascade),
        }
        for each in standings
    ]


def _ratio(part: int, whole: int) -> int | None:
    return part * CERTAIN // whole if whole > 0 else None


def _cents(amount: int) -> str:
    return f"{amount / USD:.3f}"


def _view(matrix: Matrix, setting: Setting, standings: Sequence[Standing]) -> RenderableType:
    table = plain_table(
        "rule", "utility", "±", "right", "wrong", "cost", "tries", "of cascade", whole=True
    )
    for column in table.columns:
        column.no_wrap, column.overflow = True, "ellipsis"
    for column in table.columns[1:]:
        column.min_width = max(len(str(column.header)), 5)  # it is the names that are cut
    for each in standings:
        utility, error, *rest = _figures(each)
        share = _share(each.utility, standings[1].utility)
        table.add_row(cell(each.rule, most=48), utility, error if each.error else "", *rest, share)
    left = f"\nLeft out: {', '.join(matrix.left_out)}" if matrix.left_out else ""
    return Group(Text(f"{_head(matrix, setting)}\n"), table, cell(left, "dim", most=600))


def _head(matrix: Matrix, setting: Setting) -> str:
    return (
        f"{len(matrix.agents)} agents, {len(matrix.tasks)} tasks, {setting.orders} orders; "
        f"{_worths(setting)}"
    )


def _worths(setting: Setting) -> str:
    return (
        f"a right result is worth {dollars(setting.value)}, a wrong one that is accepted costs "
        f"{dollars(setting.wrong_cost)}. Means for one task, in dollars:"
    )
