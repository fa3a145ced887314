"""The process that hosts a state folder's coordinator: `python -m swarm.actors.house`.

It lives until no goal is open, or for ever. It is started with an allow-listed environment, so that
neither it nor anything below it holds a secret of the user's.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

from swarm.actors.alive import coordinator_alive
from swarm.actors.doorstep import EarlyHouse, Runtime, passed_on, received
from swarm.actors.places import Places
from swarm.actors.rayenv import own_folder, prepare_environment
from swarm.actors.routes import Routes
from swarm.domain.errors import Exhausted, Lacking, SwarmError, Transient
from swarm.settings.public_api import Settings, load_settings

LOCK_WAIT_SECONDS = 20.0
_EXITS: dict[type[SwarmError], int] = {Exhausted: 4, Lacking: 5}


def start_house(
    places: Places,
    runtime: Runtime,
    address: str | None = None,
    *,
    detach: bool = True,
    waits: bool = True,
    early: EarlyHouse | None = None,
) -> "subprocess.Popen[bytes]":
    """Start it as a process of its own, whose output goes to `logs/house.log`.

    Detached, it outlives the terminal. `waits`: while the process that starts it lives, it stays with
    goals that are paused (in one process; on Ray it leaves). `early`: one that has begun already, which
    is taken if it is still there.
    """
    argv = ["--home", str(places.home), "--runtime", runtime]
    argv += ["--parent", str(os.getpid())] if waits else []
    argv += ["--address", address] if address else []
    places.make()
    file = places.logs / "house.log"
    with file.open("ab") as log:
        if early is not None and early.told(argv, places.home, file):
            return early.process
        return subprocess.Popen(
            [sys.executable, "-m", "swarm.actors.house", *argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=passed_on(dict(os.environ)),
            cwd=places.home,
            start_new_session=detach,
        )


def main(argv: list[str] | None = None) -> int:
    asked = _arguments().parse_args(argv)
    return _waited(asked.runtime) if asked.orders_follow else _lived(asked)


def _waited(runtime: Runtime) -> int:
    """Begun before it is known what for. Where another house works, this one leaves: it is not needed."""
    if coordinator_alive(Places(load_settings({}, dict(os.environ)).home)):
        return 0
    with ExitStack() as begun:
        why = _prepared(begun, runtime)
        orders = received(sys.stdin.buffer)
        if orders is None:
            return 0
        asked = _arguments().parse_args(orders)
        if why:
            asked.runtime = _instead(why)
        return _lived(asked)


def _prepared(begun: ExitStack, runtime: Runtime) -> str:
    """What depends on no orders: modules, and a Ray of our own. Returns why that did not start."""
    if runtime == "inline":
        from swarm.actors import inline  # noqa: F401
        from swarm.journal import public_api  # noqa: F401

        return ""
    prepare_environment(own_folder())
    from swarm.actors.ray import connected

    try:
        begun.enter_context(connected(None))
    except Transient as error:
        return str(error)
    return ""


def _instead(why: str) -> Runtime:
    """Tell why there is no Ray, and what there is."""
    sys.stderr.write(f"{why}\nGoing on in one process (--runtime inline).\n")
    return "inline"


def _lived(asked: argparse.Namespace) -> int:
    places = Places(Path(asked.home))
    try:
        places.make()
        settings = load_settings({"home": str(places.home)}, dict(os.environ))
        _serve(places, settings, asked)
    except SwarmError as error:
        return _tell(error)
    except ExceptionGroup as group:
        first = _first(group)
        if first is None:
            raise
        return _tell(first)
    return 0


def _tell(error: SwarmError) -> int:
    """Whoever started the house reads this from the log, and shows it; where the disk is full, the
    exit code has to do.
    """
    told = f"{type(error).__name__}: {error}\n{error.advice}\n"
    with suppress(OSError):
        os.write(sys.stderr.fileno(), told.encode("utf-8", "backslashreplace"))
    return _EXITS.get(type(error), 1)


def _first(group: "ExceptionGroup[Exception]") -> SwarmError | None:
    """What swarm raised on purpose, if nothing else was raised."""
    known, others = group.split(SwarmError)
    if known is None or others is not None:
        return None
    inner = known.exceptions[0]
    return _first(inner) if isinstance(inner, ExceptionGroup) else inner


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m swarm.actors.house")
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--home")
    wanted.add_argument("--orders-follow", action="store_true", help="on standard input")
    parser.add_argument("--runtime", choices=("ray", "inline"), default="ray")
    parser.add_argument("--address")
    parser.add_argument("--forever", action="store_true")
    parser.add_argument("--parent", type=int, help="while it lives, paused goals are waited for")
    return parser


def _serve(places: Places, settings: Settings, asked: argparse.Namespace) -> None:
    """Keys of models are not kept longer than goals are open."""
    routes = Routes(places)
    if asked.runtime == "ray":
        prepare_environment(places.home if asked.address else own_folder())
        from swarm.actors.ray import run_on_ray

        try:
            run_on_ray(places, settings, address=asked.address, forever=asked.forever)
        except Transient as error:
            _instead(str(error))
        else:
            routes.forget()
            return
    asyncio.run(_inline(places, settings, asked.parent, forever=asked.forever))
    routes.forget()


async def _inline(places: Places, settings: Settings, parent: int | None, *, forever: bool) -> None:
    from swarm.actors.clock import SystemClock
    from swarm.actors.inline import run_inline
    from swarm.journal.public_api import open_journal

    journal = await asyncio.to_thread(open_journal, places.journal, wait_seconds=LOCK_WAIT_SECONDS)
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await run_inline(
            places,
            settings,
            journal,
            SystemClock(),
            forever=forever,
            awaited=lambda: os.getppid() == parent,
        )
    except asyncio.CancelledError:
        sys.stderr.write("ended on request; open goals go on at the next start\n")
    finally:
        journal.close()


if __name__ == "__main__":
    sys.exit(main())
