"""Signatures of the everyday commands."""

from pathlib import Path
from typing import Annotated

import typer

from swarm.actors.doorstep import early_house
from swarm.cli.options import (
    GITHUB_API,
    Address,
    AsJson,
    BaseUrl,
    Budget,
    Build,
    Checkout,
    Detach,
    DryRun,
    EngineOption,
    Estimate,
    FixFailing,
    ForgeUrl,
    GoalName,
    Grants,
    IssueName,
    Minutes,
    ModelOption,
    Python,
    Repo,
    Rule,
    RuntimeOption,
    SomeGoal,
    TestCommand,
    Text,
    UnsafeWorktree,
    Untrusted,
    Value,
    Writers,
)

HERE = Path()


def run(
    text: Text = "",
    repo: Repo = HERE,
    test: TestCommand = None,
    python: Python = None,
    fix_failing: FixFailing = False,
    value: Value = None,
    budget: Budget = None,
    minutes: Minutes = None,
    runtime: RuntimeOption = "ray",
    address: Address = None,
    writers: Writers = None,
    rule: Rule = "market",
    engine: EngineOption = None,
    model: ModelOption = None,
    base_url: BaseUrl = None,
    unsafe_worktree: UnsafeWorktree = False,
    untrusted: Untrusted = False,
    build: Build = None,
    grant: Grants = None,
    estimate: Estimate = False,
    detach: Detach = False,
    issue: IssueName = None,
    forge_url: ForgeUrl = GITHUB_API,
    checkout: Checkout = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Work on a goal until there is a pull request, or why not."""
    with early_house(runtime, wanted=not (estimate or dry_run or address)) as early:
        from swarm.cli.minds import bring_models
        from swarm.cli.running import run_goal
        from swarm.cli.starting import Asked, watched

        asked = Asked(
            text=text,
            repository=repo,
            test=test,
            python=python,
            fix_failing=fix_failing,
            value=value,
            budget=budget,
            minutes=minutes,
            writers=writers,
            rule=rule,
            unsafe_worktree=unsafe_worktree,
            untrusted=untrusted,
            unattended=detach or not watched(),
            build=build,
            grants=tuple(grant or ()),
            runtime=runtime,
            address=address,
            early=early,
        )
        if not estimate:
            bring_models(engine, model, base_url)
        if issue is not None:
            from swarm.cli.github import From, run_issue

            source = From(issue, forge_url, checkout, dry_run)
            raise typer.Exit(run_issue(source, asked, as_json=as_json))
        raise typer.Exit(run_goal(asked, estimate=estimate, detach=detach, as_json=as_json))


def show(goal: SomeGoal = None, as_json: AsJson = False) -> None:
    """Show what is open and why it waits; with GOAL, all about it."""
    from swarm.cli.looking import show_all, show_goal

    if goal is None:
        show_all(as_json=as_json)
    else:
        show_goal(goal, as_json=as_json)


def say(
    goal: GoalName,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What the agents should know.")],
    as_json: AsJson = False,
) -> None:
    """Tell the agents something; they hear it at their next step."""
    from swarm.cli import orders

    orders.say(goal, text, as_json=as_json)


def stop(goal: GoalName, as_json: AsJson = False) -> None:
    """Give a goal up."""
    from swarm.cli import orders

    orders.stop(goal, as_json=as_json)


def clean(
    everything: Annotated[
        bool, typer.Option("--all", help="Leave nothing in the state folder.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Remove sandboxes, old steps and what Ray left; say what uses how much disk."""
    from swarm.cli.cleaning import clean_up

    clean_up(everything=everything, as_json=as_json)
