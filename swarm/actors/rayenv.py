"""What Ray reads from the environment while it is being imported; so this comes first.

Token authentication with a file of our own: Ray listens on every address of the machine, and whoever
has the token may run code in its workers. No telemetry.
"""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

TOKEN = "ray.token"  # noqa: S105 - a file's name


def prepare_environment(folder: Path) -> None:
    """Set it for this process and all that it starts; the token lies in this folder, which exists.
    Without effect once ray is imported.
    """
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_AUTH_TOKEN_PATH", str(token_in(folder)))
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
    # Ray's workers give way to everybody else (niceness 15), and all of ours are workers: on a busy
    # machine a goal would wait for minutes until one answers.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - spelt so by Ray


def token_in(folder: Path) -> Path:
    """Made once, and never seen half written: several may begin at the same time."""
    token = folder / TOKEN
    if not token.exists():
        descriptor, draft = tempfile.mkstemp(dir=folder)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        with suppress(FileExistsError):
            os.link(draft, token)
        Path(draft).unlink()
    return token


def own_folder() -> Path:
    """Where a Ray of our own keeps its token and its sockets, whose paths may have at most 107 bytes. Only
    this user can enter; somebody else's folder of that name is not used.
    """
    folder = Path("/tmp") / f"swarm-ray-own-{os.getuid()}"  # noqa: S108 - checked below
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        return Path(tempfile.mkdtemp(prefix="sr-"))
    return folder


def sessions_folder(folder: Path) -> Path:
    """What Ray itself is given: it lets everybody write there, so that is a folder inside."""
    inner = folder / "ray"
    inner.mkdir(exist_ok=True)
    return inner
