"""The commands in their panels. Nothing but typer is imported before a command is called."""

import sys
from typing import Annotated

import typer

from swarm.cli import everyday, inside, more
from swarm.cli.options import EVERYDAY, INSIDE, MORE
from swarm.domain.errors import SwarmError

app = typer.Typer(
    name="swarm",
    help="A market of coding agents for your repository.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)

for _command in (everyday.run, everyday.show, everyday.say, everyday.stop, everyday.clean):
    app.command(rich_help_panel=EVERYDAY)(_command)
for _command in (more.resume, more.pause, more.play, more.log, more.verify):
    app.command(rich_help_panel=MORE)(_command)
app.add_typer(more.pr, name="pr", rich_help_panel=MORE)
for _command in (more.veto, more.check, more.serve, more.demo):
    app.command(rich_help_panel=MORE)(_command)
for _command in (inside.agents, inside.facts, inside.doctor, inside.bench):
    app.command(rich_help_panel=INSIDE)(_command)
app.add_typer(inside.market, name="market", rich_help_panel=INSIDE)
app.add_typer(inside.config, name="config", rich_help_panel=INSIDE)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"swarm {version('bidswarm')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Options before any command."""


def main() -> None:
    """Run the command line; what swarm raises on purpose becomes three lines and an exit code."""
    try:
        app(prog_name="swarm")
    except SwarmError as error:
        from swarm.cli.failing import report

        sys.exit(report(error, as_json="--json" in sys.argv))
