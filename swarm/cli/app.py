"""The commands in their panels. Nothing but typer is imported before a command is called."""

import signal
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from swarm.cli import everyday, forge, inside, market, more, sandbox
from swarm.cli.options import EVERYDAY, INSIDE, MORE
from swarm.domain.errors import SwarmError

app = typer.Typer(
    name="swarm",
    help="A market of coding agents for your repository.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)

_COMMANDS: dict[str, tuple[Callable[..., None] | typer.Typer, ...]] = {
    EVERYDAY: (everyday.run, everyday.show, everyday.say, everyday.stop, everyday.clean),
    MORE: (
        more.resume,
        more.pause,
        more.play,
        more.rollback,
        more.replay,
        more.log,
        more.verify,
        more.pr,
        more.check,
        more.veto,
        more.serve,
        forge.github,
        forge.forge,
        more.demo,
    ),
    INSIDE: (
        inside.triage,
        inside.agents,
        inside.facts,
        market.market,
        inside.config,
        inside.tools,
        inside.env,
        inside.doctor,
        sandbox.sandbox,
        inside.bench,
    ),
}
"""By panel of the help."""


def _add(panel: str, command: Callable[..., None] | typer.Typer) -> None:
    if isinstance(command, typer.Typer):
        app.add_typer(command, rich_help_panel=panel)
    else:
        app.command(rich_help_panel=panel)(command)


for _panel, _commands in _COMMANDS.items():
    for _command in _commands:
        _add(_panel, _command)


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


def call(argv: Sequence[str]) -> int:
    """Run one command line; what swarm raises on purpose becomes three lines and an exit code."""
    try:
        app(args=list(argv), prog_name="swarm")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except SwarmError as error:
        from swarm.cli.failing import report

        return report(error, as_json="--json" in argv)
    return 0


def main() -> None:
    # Who ends us politely means what Ctrl-C means: what was begun is paused, folders are removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(call(sys.argv[1:]))
