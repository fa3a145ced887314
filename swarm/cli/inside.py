"""Signatures of the commands that look inside."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from swarm.cli.options import (
    GITHUB_API,
    AsJson,
    ForgeUrl,
    Python,
    Repo,
    Rule,
    RuntimeOption,
    TestCommand,
    UnsafeWorktree,
)

HERE = Path()

Suite = Literal["own", "quixbugs"]

config = typer.Typer(
    name="config", no_args_is_help=True, help="Settings, and where they come from."
)
tools = typer.Typer(
    name="tools",
    no_args_is_help=True,
    help="Others' tools for models: what each says, and approval.",
)
env = typer.Typer(
    name="env", no_args_is_help=True, help="What a repository's tests run with: shown, and built."
)


def agents(as_json: AsJson = False) -> None:
    """Name the agents, their prices, and who answers for them."""
    from swarm.cli.looking import show_agents

    show_agents(as_json=as_json)


def facts(repo: Repo = HERE, as_json: AsJson = False) -> None:
    """Show what swarm has learned about a repository."""
    from swarm.cli.looking import show_facts

    show_facts(repo, as_json=as_json)


def doctor(
    repo: Annotated[
        str | None,
        typer.Option(metavar="OWNER/NAME", help="What keeps agents from merging there, instead."),
    ] = None,
    forge_url: ForgeUrl = GITHUB_API,
    as_json: AsJson = False,
) -> None:
    """Say what this machine can do, what it lacks, and the remedy."""
    if repo is not None:
        from swarm.cli.github_doctor import examine_repository

        raise typer.Exit(examine_repository(repo, forge_url, as_json=as_json))
    from swarm.cli.health import examine

    raise typer.Exit(examine(as_json=as_json))


def triage(
    repo: Repo = HERE,
    test: TestCommand = None,
    python: Python = None,
    unsafe_worktree: UnsafeWorktree = False,
    as_json: AsJson = False,
) -> None:
    """Run a repository's suite and sort what fails by likely cause; nothing is changed."""
    from swarm.cli.triage import triage as sort_out

    code = sort_out(repo, test=test, python=python, unsafe=unsafe_worktree, as_json=as_json)
    raise typer.Exit(code)


def bench(
    suite: Annotated[
        Suite, typer.Option("--suite", help="Our own tasks, or the QuixBugs programs.")
    ] = "own",
    path: Annotated[
        Path | None,
        typer.Option(
            "--path", metavar="DIR", help="Folder of tasks, or an unpacked copy of QuixBugs."
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAMES", help="Only these, by commas.")
    ] = None,
    policy: Rule = "market",
    seconds: Annotated[
        int | None,
        typer.Option(metavar="N", help="For one task; 180, for QuixBugs 90.", min=1),
    ] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="USD", help="What one task may cost at most.")
    ] = None,
    jobs: Annotated[
        int, typer.Option(metavar="N", help="So many tasks at the same time.", min=1)
    ] = 1,
    log: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep rows here; what stands there is not run again."),
    ] = None,
    runtime: RuntimeOption = "inline",
    as_json: AsJson = False,
) -> None:
    """Measure swarm on tasks whose right answers are known."""
    from swarm.cli.measured import Ways
    from swarm.cli.measuring import Choice, measure, seconds_of

    names = tuple(name for each in only or () for name in each.split(",") if name)
    ways = Ways(policy, runtime, seconds_of(suite, seconds), budget)
    choice = Choice(suite, path, names, ways, jobs, log)
    raise typer.Exit(measure(choice, as_document=as_json))


@config.command("show")
def config_show(
    origin: Annotated[
        bool, typer.Option("--origin", help="Also say where each value comes from.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the settings in force."""
    from swarm.cli.looking import show_settings

    show_settings(origin=origin, as_json=as_json)


@tools.command("list")
def tools_list(as_json: AsJson = False) -> None:
    """Start the configured servers, in sandboxes, and compare their tools with what was approved."""
    from swarm.cli.approving import list_tools

    list_tools(as_json=as_json)


@tools.command("approve")
def tools_approve(
    server: Annotated[str, typer.Argument(metavar="SERVER", help="Its name in the settings.")],
    yes: Annotated[
        bool, typer.Option("--yes", help="You have read what its tools say of themselves.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read what a server's tools say of themselves, and let models use exactly these."""
    from swarm.cli.approving import approve

    approve(server, yes=yes, as_json=as_json)


@env.command("show")
def env_show(
    repo: Repo = HERE,
    toml: Annotated[
        bool, typer.Option("--toml", help="As a section for the repository's swarm.toml.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a repository needs, where it says so, and whether that is built."""
    from swarm.cli.environment import show_environment

    raise typer.Exit(show_environment(repo, toml=toml, as_json=as_json))


@env.command("build")
def env_build(
    repo: Repo = HERE,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Build it anew, though it is there.")
    ] = False,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", metavar="HOST", help="A host besides the index that it may reach."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build what a repository needs, in a sandbox, once."""
    from swarm.cli.environment import make_environment

    code = make_environment(repo, rebuild=rebuild, allow=tuple(allow or ()), as_json=as_json)
    raise typer.Exit(code)
