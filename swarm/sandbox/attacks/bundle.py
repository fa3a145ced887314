"""Programs as text for places where nothing of ours is installed, and their answers read as an
enemy's.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

import swarm
from swarm.sandbox.attacks import (
    attempts,
    calls,
    on_files,
    on_kernel,
    on_network,
    on_plants,
    on_processes,
    on_room,
)

Program = Callable[..., None]
Verdict = Literal["through", "refused", "absent", "broken"]

_MODULES = (calls, on_files, on_kernel, on_network, on_plants, on_processes, on_room, attempts)
_START = """
import json, sys, types
bundle = json.load(sys.stdin)
for name, source in bundle["modules"]:
    module = sys.modules[name] = types.ModuleType(name)
    exec(compile(source, name, "exec"), module.__dict__)
run = lambda: sys.modules["swarm.sandbox.attacks.attempts"].main(bundle["orders"])
"""
_RUN = _START + "run()\n"
_RUN_BARE = (
    _START
    + "sys.path.append({packages!r})\nfrom swarm.sandbox.attacks import bare\nbare.main(run)\n"
)
_MOST_DETAIL = 300


@dataclass(frozen=True, slots=True)
class Seen:
    """How one attempt ended."""

    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    program: Program
    arguments: tuple[str, ...] = ()


def command(python: Path) -> tuple[str, ...]:
    """To be given `text` on its standard input."""
    return (str(python), "-I", "-S", "-c", _RUN)


def bare_command() -> tuple[str, ...]:
    packages = str(Path(swarm.__path__[0]).parent)
    return (sys.executable, "-I", "-S", "-c", _RUN_BARE.format(packages=packages))


def text(orders: Sequence[Order]) -> bytes:
    modules = [(each.__name__, Path(str(each.__file__)).read_text()) for each in _MODULES]
    asked = [(each.program.__module__, each.program.__name__, each.arguments) for each in orders]
    return json.dumps({"modules": modules, "orders": asked}).encode()


def answers(output: bytes, count: int, instead: str) -> list[Seen]:
    """One for each order; `instead` says why where there is no answer."""
    found = [Seen("broken", f"no answer: {instead}") for _ in range(count)]
    for line in output.splitlines():
        try:
            position, verdict, detail = json.loads(line)
        except ValueError:
            continue
        if position in range(count) and verdict in ("through", "refused", "absent", "broken"):
            found[position] = Seen(cast("Verdict", verdict), str(detail)[:_MOST_DETAIL])
    return found
