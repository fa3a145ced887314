"""Signatures of the commands about the market."""

from pathlib import Path
from typing import Annotated

import typer

from swarm.cli.options import AsJson

Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Also write one page to read.")
]

market = typer.Typer(
    name="market",
    invoke_without_command=True,
    help="Who tries what, why, and what that is worth.",
)


@market.callback()
def overview(context: typer.Context, html: Html = None, as_json: AsJson = False) -> None:
    """Show what agents have shown so far, what waits, and where the money is."""
    if context.invoked_subcommand is None:
        from swarm.cli.market_views import show_market

        show_market(html=html, as_json=as_json)


@market.command("explain")
def explain(
    task: Annotated[str, typer.Argument(metavar="TASK", help="Id of a task: g-7k2m9x.t2")],
    as_json: AsJson = False,
) -> None:
    """Tell who got a task, and why not the others."""
    from swarm.cli.looking import explain_task

    explain_task(task, as_json=as_json)


@market.command("simulate")
def simulate(
    outcomes: Annotated[
        Path | None,
        typer.Option(
            "--outcomes",
            metavar="FILE",
            help="Table of agents by tasks; cells resolved:dollars. Without: made-up worlds.",
        ),
    ] = None,
    value: Annotated[
        str, typer.Option("--value", metavar="USD", help="What a right result is worth.")
    ] = "10",
    wrong: Annotated[
        str | None,
        typer.Option("--wrong", metavar="USD", help="What an accepted wrong one costs; half."),
    ] = None,
    alpha: Annotated[
        float, typer.Option("--alpha", min=0, max=1, help="Share of wrong results accepted.")
    ] = 0.1,
    beta: Annotated[
        float, typer.Option("--beta", min=0, max=1, help="Share of right results refused.")
    ] = 0.1,
    orders: Annotated[
        int, typer.Option("--orders", min=1, max=1000, help="Orders of the tasks.")
    ] = 5,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="NAMES", help="Leave these agents out.")
    ] = None,
    rules: Annotated[
        list[str] | None, typer.Option("--rule", metavar="RULE", help="Only these rules.")
    ] = None,
    seed: Annotated[str, typer.Option("--seed", help="Of the orders and the dice.")] = "swarm",
    html: Html = None,
    as_json: AsJson = False,
) -> None:
    """Run rules of allocation over recorded or made-up outcomes, beside what hindsight would have done."""
    from swarm.cli.market_simulation import simulate_outcomes

    simulate_outcomes(
        outcomes,
        value=value,
        wrong=wrong,
        alpha=alpha,
        beta=beta,
        orders=orders,
        without=_named(without),
        rules=tuple(rules or ()),
        seed=seed,
        html=html,
        as_json=as_json,
    )


@market.command("replay")
def replay(
    goal: Annotated[
        str | None, typer.Argument(metavar="GOAL", help="Its id, or how it begins.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The tasks of all goals.")] = False,
    rules: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="RULE", help="market, single:A, cascade:A,B, best-of-2 ..."),
    ] = None,
    seed: Annotated[str, typer.Option("--seed", help="Of the intervals.")] = "swarm",
    as_json: AsJson = False,
) -> None:
    """Estimate, from what is on record, what other rules would have been worth."""
    from swarm.cli.market_replay import replay_rules

    replay_rules(goal, everything=everything, rules=tuple(rules or ()), seed=seed, as_json=as_json)


@market.command("canaries")
def canaries(
    count: Annotated[
        int, typer.Option("--count", min=1, max=8, help="So many wrong and so many right ones.")
    ] = 8,
    only_next: Annotated[
        bool, typer.Option("--next", help="Only the one that was asked about longest ago.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask the checks about changes of which it is known whether they are right."""
    from swarm.cli.market_canaries import ask_about_canaries

    raise typer.Exit(ask_about_canaries(count=count, only_next=only_next, as_json=as_json))


def _named(texts: list[str] | None) -> tuple[str, ...]:
    return tuple(name for text in texts or () for name in text.split(",") if name)
