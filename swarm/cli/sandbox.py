"""Signatures of the commands on sandboxes themselves."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from swarm.cli.options import AsJson, Repo

HERE = Path()

Mode = Literal["idmapped", "namespaces", "shared-proc", "landlock", "unsafe-worktree"]

sandbox = typer.Typer(name="sandbox", no_args_is_help=True, help="Sandboxes, seen from inside.")


@sandbox.command("attack")
def sandbox_attack(
    mode: Annotated[
        Mode | None,
        typer.Option(metavar="MODE", help="Which kind of sandbox; the strongest there is."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="N,...", help="Only these numbers.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try to break out of a sandbox on this machine, in all ways that swarm knows; harmless."""
    from swarm.cli.attacking import attack

    names = [name.strip() for each in only or () for name in each.split(",") if name.strip()]
    if strange := [name for name in names if not name.isdigit()]:
        raise typer.BadParameter(f"{strange[0]} is no number of an attack")
    raise typer.Exit(attack(mode, map(int, names), as_json=as_json))


@sandbox.command("shell")
def sandbox_shell(
    repo: Repo = HERE,
    at: Annotated[
        str | None, typer.Option("--at", metavar="COMMIT", help="Show this commit; HEAD.")
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(metavar="MODE", help="Which kind of sandbox; the strongest there is."),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Keep what was changed, as a patch in this new file."),
    ] = None,
) -> None:
    """Open a shell in a sandbox of a repository; without a terminal, run what comes in."""
    from swarm.cli.entering import enter

    raise typer.Exit(enter(repo, at, mode, save))
