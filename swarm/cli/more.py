"""Signatures of the commands that are needed now and then."""

from pathlib import Path
from typing import Annotated

import typer

from swarm.actors.doorstep import early_house
from swarm.cli.options import (
    GITHUB_API,
    Address,
    AsJson,
    Checkout,
    DryRun,
    ForgeUrl,
    GoalName,
    Number,
    Repo,
    RuntimeOption,
    SomeGoal,
    StepNumber,
    TestCommand,
)

HERE = Path()

pr = typer.Typer(name="pr", no_args_is_help=True, help="Pull requests of the embedded forge.")


def resume(
    goal: SomeGoal = None,
    runtime: RuntimeOption = "ray",
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Go on with what is open or paused: after a pause or a crash."""
    from swarm.cli.running import resume_goals

    raise typer.Exit(resume_goals(goal, runtime, address, as_json=as_json))


def pause(goal: GoalName, as_json: AsJson = False) -> None:
    """Stop work on a goal for now; nothing is lost."""
    from swarm.cli import orders

    orders.pause(goal, as_json=as_json)


def play(
    goal: GoalName,
    runtime: RuntimeOption = "ray",
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a paused goal and follow it."""
    from swarm.cli.running import resume_goals

    raise typer.Exit(resume_goals(goal, runtime, address, as_json=as_json))


def rollback(goal: GoalName, step: StepNumber, as_json: AsJson = False) -> None:
    """Go back to a step (`swarm show GOAL` numbers them): what came later is undone, and it goes on there.

    The tree, what else the sandbox held, the services' data and what was known are those of that step.
    What was spent stays spent, and what you said stays said.
    """
    from swarm.cli.returning import roll_back

    roll_back(goal, step, as_json=as_json)


def replay(
    goal: GoalName,
    step: Annotated[int, typer.Option("--from", metavar="STEP", help="Number of a step.", min=1)],
    runtime: RuntimeOption = "ray",
    address: Address = None,
    as_json: AsJson = False,
) -> None:
    """Begin a new goal where another one was at a step, and follow it; the other one stays as it is.

    Up to the step the recorded answers stand, and cost nothing again; what follows is worked on anew.
    """
    from swarm.cli.returning import replay as replay_goal

    raise typer.Exit(replay_goal(goal, step, runtime, address, as_json=as_json))


def veto(
    goal: GoalName,
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why not.")],
    as_json: AsJson = False,
) -> None:
    """Say no to a goal; no quorum can outvote it."""
    from swarm.cli import orders

    orders.veto(goal, reason, as_json=as_json)


def log(
    goal: SomeGoal = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as the journal grows.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print what has happened, one line for each event that matters."""
    from swarm.cli.chronicle import print_log

    print_log(goal, follow=follow, as_json=as_json)


def verify(
    goal: GoalName,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Also execute the evidence again.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check a goal's record: journal, signatures, votes, evidence."""
    from swarm.cli.proving import verify as verify_goal

    raise typer.Exit(verify_goal(goal, rerun=rerun, as_json=as_json))


def check(
    change: Annotated[str, typer.Argument(metavar="BRANCH|PATCHFILE", help="What to check.")],
    repo: Repo = HERE,
    base: Annotated[
        str | None, typer.Option(metavar="COMMIT", help="What it is a change of.")
    ] = None,
    test: TestCommand = None,
    target: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A test that must turn green.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Let the testers and reviewers judge a change of your own."""
    from swarm.cli.proving import check as check_change

    raise typer.Exit(check_change(change, repo, base, test, tuple(target or ()), as_json=as_json))


def serve(
    repo: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OWNER/NAME", help="Take up approved issues of this repository; again for more."
        ),
    ] = None,
    forge_url: ForgeUrl = GITHUB_API,
    checkout: Checkout = None,
    test: TestCommand = None,
    open_pulls: Annotated[
        int, typer.Option("--open", metavar="N", help="So many pull requests at once.", min=1)
    ] = 3,
    unprotected: Annotated[
        bool, typer.Option("--unprotected", help="Although nothing keeps a pusher from merging.")
    ] = False,
    exposed: Annotated[
        bool, typer.Option("--exposed", help="Although CI runs pushed branches with secrets.")
    ] = False,
    dry_run: DryRun = False,
    runtime: RuntimeOption = "ray",
    address: Address = None,
) -> None:
    """Keep a coordinator running in the foreground; with --repo, take up repositories' issues."""
    if repo:
        from swarm.cli.github import From
        from swarm.cli.serve_repository import Terms, serve_repositories
        from swarm.cli.session import open_session
        from swarm.cli.starting import Asked

        asked = Asked(text="", repository=HERE, test=test, runtime=runtime, address=address)
        named = dict.fromkeys(repo)
        terms = tuple(Terms(each, open_pulls, unprotected, exposed) for each in named)
        source = From("", forge_url, checkout, dry_run)
        raise typer.Exit(serve_repositories(open_session(make=True), terms, source, asked))
    from swarm.cli.running import serve_here

    raise typer.Exit(serve_here(runtime, address))


def demo(
    seed: Annotated[int, typer.Option(help="Which mistakes are planted.")] = 1,
    runtime: RuntimeOption = "ray",
    keep: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Put the project here and keep it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Plant two mistakes in a small project and watch them being fixed.

    Without --keep everything is in a temporary folder, also the state, whatever SWARM_HOME says, and
    gone afterwards.
    """
    with early_house(runtime, wanted=True) as early:
        from swarm.cli.showcase import show_off

        raise typer.Exit(show_off(seed, runtime, keep, as_json=as_json, early=early))


# Pull requests ----------------------------------------------------------------------------------


@pr.command("list")
def pr_list(
    repo: Annotated[
        Path | None, typer.Option("--repo", metavar="PATH", help="Only of this repository.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Name the pull requests."""
    from swarm.cli import pulls

    pulls.list_all(repo, as_json=as_json)


@pr.command("show")
def pr_show(number: Number, as_json: AsJson = False) -> None:
    """Read a pull request."""
    from swarm.cli import pulls

    pulls.show(number, as_json=as_json)


@pr.command("diff")
def pr_diff(number: Number, as_json: AsJson = False) -> None:
    """See what a pull request changes."""
    from swarm.cli import pulls

    pulls.show_diff(number, as_json=as_json)


@pr.command("close")
def pr_close(number: Number, as_json: AsJson = False) -> None:
    """Turn a pull request down; its branch stays."""
    from swarm.cli import pulls

    pulls.close(number, as_json=as_json)


@pr.command("checkout")
def pr_checkout(
    number: Number,
    switch: Annotated[bool, typer.Option("--switch", help="Do it, instead of saying how.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say how to switch your repository to a pull request's branch, or do it."""
    from swarm.cli import pulls

    pulls.check_out(number, switch=switch, as_json=as_json)


@pr.command("apply")
def pr_apply(number: Number, as_json: AsJson = False) -> None:
    """Put a pull request's change into your work tree, uncommitted."""
    from swarm.cli import pulls

    pulls.apply(number, as_json=as_json)
