"""A coordinator in the foreground: for ever, until Ctrl-C."""

import subprocess
import sys
from collections.abc import Callable

from swarm.actors.public_api import coordinator_alive
from swarm.cli.failing import DONE
from swarm.cli.options import Runtime
from swarm.cli.patrol import patrolled
from swarm.cli.session import Session
from swarm.domain.errors import Rejected


def _wait(house: "subprocess.Popen[bytes]") -> int:
    return house.wait()


def serve(
    session: Session,
    runtime: Runtime,
    address: str | None,
    beside: Callable[["subprocess.Popen[bytes]"], int] = _wait,
) -> int:
    """`beside` works while the coordinator does, and returns its exit code. Its log goes to the terminal; its exit code is ours. Ctrl-C ends it in order."""
    if coordinator_alive(session.places):
        raise Rejected(
            "a coordinator works in this state folder already",
            advice="`swarm show` says what it does",
        )
    argv = [sys.executable, "-m", "swarm.actors.house", "--home", str(session.places.home)]
    argv += ["--forever", "--runtime", runtime, *(["--address", address] if address else [])]
    session.say(
        f"serving {session.places.home}; Ctrl-C ends it, open goals go on at the next start"
    )
    with patrolled(session), subprocess.Popen(argv, start_new_session=True) as house:
        try:
            return beside(house)
        except KeyboardInterrupt:
            house.terminate()
            house.wait()
            return DONE
