"""Signatures of the commands about forges: the embedded one as a server, and access to GitHub."""

from pathlib import Path
from typing import Annotated

import typer

from swarm.cli.options import AsJson

GITHUB_API = "https://api.github.com"

forge = typer.Typer(
    name="forge", no_args_is_help=True, help="The embedded forge as a server, like GitHub."
)
github = typer.Typer(name="github", no_args_is_help=True, help="Access to GitHub.")

Api = Annotated[
    str,
    typer.Option(
        "--forge-url", metavar="URL", help="Where the forge's interface is, if not at GitHub."
    ),
]


@forge.command("serve")
def forge_serve(
    add: Annotated[
        list[Path] | None,
        typer.Option("--add", metavar="PATH", help="Serve this repository, as local/NAME."),
    ] = None,
    port: Annotated[int, typer.Option(help="0: any that is free.", min=0, max=65535)] = 8410,
) -> None:
    """Serve repositories, issues and pull requests on this machine, until Ctrl-C."""
    from swarm.cli.forge_serving import serve

    serve(tuple(add or ()), port)


@github.command("status")
def github_status(as_json: AsJson = False) -> None:
    """What `swarm serve --repo` does, what waits, and why an issue was not taken."""
    from swarm.cli.forge_status import status

    status(as_json=as_json)


@github.command("login")
def github_login(
    api: Api = GITHUB_API,
    token_file: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Read the token from here, not from standard input."),
    ] = None,
    app: Annotated[
        str | None, typer.Option(metavar="ID", help="Come as this GitHub App instead.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(metavar="PATH", help="The App's private key, a .pem file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep a token, or an App's key, for the publisher alone. No secret is typed as an argument."""
    from swarm.cli.github import login, login_app

    if (app is None) != (key_file is None):
        raise typer.BadParameter("--app and --key-file belong together")
    if app is not None and key_file is not None:
        login_app(api, app, key_file, as_json=as_json)
    else:
        login(api, token_file, as_json=as_json)
