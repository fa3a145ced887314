"""The coordinator's process, begun before it is known what for: it reads its modules meanwhile.

Whoever types a goal waits for two processes to read much the same modules, and then for Ray. Begun at
once, the second one does so while the first looks at the repository; then it is told its orders, one line
on its standard input. No state folder has been touched until then: if no orders come, because the goal is
refused or whoever began it has died, it leaves. Nothing heavy is imported here, so that a command can
begin with it.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

ENVIRONMENT = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TERM", "TZ",
    "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "XDG_STATE_HOME", "XDG_CONFIG_HOME",
    "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "XDG_RUNTIME_DIR",
)  # fmt: skip
"""What of the user's environment goes on; besides, everything that begins with SWARM_.

The last three say where a desktop can be told something: addresses, no secrets.
"""

Runtime = Literal["ray", "inline"]


def passed_on(environ: dict[str, str]) -> dict[str, str]:
    """The environment of the house: no secret that was not named for it."""
    return {
        name: value
        for name, value in environ.items()
        if name in ENVIRONMENT or name.startswith("SWARM_")
    }


@dataclass(frozen=True, slots=True)
class EarlyHouse:
    """A house that waits for its orders."""

    process: "subprocess.Popen[bytes]"

    def told(self, argv: Sequence[str], home: Path, log: Path) -> bool:
        """Send it to work. False when it has left meanwhile: then another one has to be started."""
        orders = json.dumps({"argv": list(argv), "home": str(home), "log": str(log)}) + "\n"
        with suppress(BrokenPipeError), self._orders() as pipe:
            pipe.write(orders.encode())
        return self.process.poll() is None

    def dismiss(self) -> None:
        """It is not needed, and has touched nothing. Without effect on one that was told what to do."""
        if not self._orders().closed:
            self._orders().close()
            self.process.kill()
            self.process.wait()

    def _orders(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin


def begin_house(runtime: Runtime) -> EarlyHouse:
    """It outlives the terminal, as every house. Not begun where the user stands: what lies there may be
    named like a module.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "swarm.actors.house", "--orders-follow", "--runtime", runtime],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=passed_on(dict(os.environ)),
        cwd="/",
        start_new_session=True,
    )
    return EarlyHouse(process)


@contextmanager
def early_house(runtime: Runtime, *, wanted: bool) -> Iterator[EarlyHouse | None]:
    """Begun now; dismissed afterwards unless it was told what to do. None where none is wanted."""
    early = begin_house(runtime) if wanted else None
    try:
        yield early
    finally:
        if early is not None:
            early.dismiss()


def received(orders: IO[bytes]) -> list[str] | None:
    """In the house: the command line that came; None when none will. From then on it writes to its log,
    and stands in its state folder.
    """
    line = orders.readline()
    if not line.endswith(b"\n"):
        return None
    told = json.loads(line)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(told["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for descriptor, number in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, number)
    os.close(nothing)
    os.close(log)
    os.chdir(told["home"])
    argv: list[str] = told["argv"]
    return argv
