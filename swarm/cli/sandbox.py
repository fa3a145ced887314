"""Signatures of the commands on sandboxes themselves."""

from typing import Annotated, Literal

import typer

from swarm.cli.options import AsJson

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
