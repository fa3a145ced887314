"""Rules of allocation over a file of recorded outcomes: as a table, and as a document."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from swarm.cli.documents import Json
from swarm.cli.market_page import Drawing, Point, drawn, page_of, table_of
from swarm.cli.page import plain_table
from swarm.cli.session import open_session
from swarm.cli.words import cell
from swarm.domain.errors import Rejected
from swarm.domain.money import CERTAIN, USD, dollars, micro_usd
from swarm.market.public_api import RULES, Matrix, Setting, Standing, contest, read_matrix


def simulate_outcomes(
    path: Path,
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
    matrix = read_matrix(_text(path), without)
    standings = tuple(contest(matrix, setting, chosen))
    if html is not None:
        html.write_text(_page(matrix, setting, standings), encoding="utf-8")
    session.show(_view(matrix, setting, standings), document_of(matrix, setting, standings))


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
    rows = (
        (
            each.rule,
            _cents(each.utility),
            _cents(each.error),
            f"{each.right / CERTAIN:.3f}",
            f"{each.wrong / CERTAIN:.3f}",
            _cents(each.cost),
            f"{each.attempts / CERTAIN:.2f}",
        )
        for each in standings
    )
    return page_of(
        "Rules over recorded outcomes",
        [_head(matrix, setting), table_of(heads, rows), drawn(frontier)],
    )


def document_of(matrix: Matrix, setting: Setting, standings: Sequence[Standing]) -> Json:
    single, cascade = standings[0].utility, standings[1].utility
    return {
        "agents": len(matrix.agents),
        "tasks": len(matrix.tasks),
        "left_out": list(matrix.left_out),
        "setting": asdict(setting),
        "rules": [
            {
                **asdict(each),
                "of_best_single_ppm": _ratio(each.utility, single),
                "of_best_cascade_ppm": _ratio(each.utility, cascade),
            }
            for each in standings
        ],
    }


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
        share = _ratio(each.utility, standings[1].utility)
        table.add_row(
            cell(each.rule, most=48),
            _cents(each.utility),
            _cents(each.error) if each.error else "",
            f"{each.right / CERTAIN:.3f}",
            f"{each.wrong / CERTAIN:.3f}",
            _cents(each.cost),
            f"{each.attempts / CERTAIN:.2f}",
            "" if share is None else f"{share / CERTAIN:.3f}",
        )
    left = f"\nLeft out: {', '.join(matrix.left_out)}" if matrix.left_out else ""
    return Group(Text(f"{_head(matrix, setting)}\n"), table, cell(left, "dim", most=600))


def _head(matrix: Matrix, setting: Setting) -> str:
    return (
        f"{len(matrix.agents)} agents, {len(matrix.tasks)} tasks, {setting.orders} orders; a right "
        f"result is worth {dollars(setting.value)}, a wrong one that is accepted costs "
        f"{dollars(setting.wrong_cost)}. Means for one task, in dollars:"
    )
