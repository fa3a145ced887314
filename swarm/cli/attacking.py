"""Attack the sandbox on this machine, and say what held."""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rich.console import Group, RenderableType

from swarm.cli.documents import Json
from swarm.cli.failing import DONE, FAILED
from swarm.cli.page import plain_table
from swarm.cli.session import Session, open_session
from swarm.cli.words import cell, count
from swarm.domain.errors import Lacking, Rejected
from swarm.sandbox.attacks.public_api import (
    ATTACKS,
    Attack,
    AttackResult,
    expected_of,
    try_attacks,
)
from swarm.sandbox.public_api import SandboxMode, strongest

_STYLES = {
    "held": "green",
    "allowed": "yellow",
    "broke": "bold red",
    "not applicable": "dim",
    "could not be tried": "red",
}


def attack(mode: SandboxMode | None, only: Iterable[int], *, as_json: bool) -> int:
    session = open_session(as_json=as_json)
    chosen = _chosen(frozenset(only))
    with tempfile.TemporaryDirectory(prefix="swarm-attacked-") as folder:
        mode = mode or strongest(Path(folder))
    if mode is None:
        raise Lacking("no sandbox can be made on this machine", advice="swarm doctor tells why")
    ways = sum(len(each.ways) for each in chosen)
    session.say(f"{count(len(chosen), 'attack')} in {ways} ways on a sandbox of mode {mode}", "dim")
    session.say("  first what runs inside, together; then one after the other", "dim")
    results = asyncio.run(_all(session, mode, chosen))
    session.show(_view(results), _document(mode, results))
    return DONE if all(each.as_expected for each in results) else FAILED


def _chosen(only: frozenset[int]) -> tuple[Attack, ...]:
    known = {each.number for each in ATTACKS}
    if strange := sorted(only - known):
        raise Rejected(
            f"there is no attack {', '.join(map(str, strange))}",
            advice=f"they have the numbers {min(known)} to {max(known)}",
        )
    return tuple(each for each in ATTACKS if not only or each.number in only)


async def _all(
    session: Session, mode: SandboxMode, chosen: tuple[Attack, ...]
) -> tuple[AttackResult, ...]:
    results = []
    async for result in try_attacks(mode, chosen):
        results.append(result)
        session.say(f"  {result.attack.number:>2}  {result.attack.name}: {result.outcome}")
    return tuple(results)


def _view(results: tuple[AttackResult, ...]) -> RenderableType:
    table = plain_table("", "attack", "expected", "result", "ways", "controls")
    for each in results:
        tried = [one for one in each.tried if one.outcome not in ("allowed", "not applicable")]
        shown = sum(one.control.startswith("gets through") for one in tried)
        table.add_row(
            cell(each.attack.number),
            cell(each.attack.name),
            cell(expected_of(each.attack, each.mode), "dim"),
            cell(each.outcome, _STYLES[each.outcome]),
            cell(len(tried) or "", "dim"),
            cell(shown or "", "dim"),
        )
    return Group(table, cell(_together(results), "bold", 300), *_failed(results))


def _together(results: tuple[AttackResult, ...]) -> str:
    parts = []
    for outcome in _STYLES:
        number = sum(each.outcome == outcome for each in results)
        if number:
            parts.append(f"{number} {outcome}")
    seconds = sum(each.seconds for each in results)
    return f"{', '.join(parts)}; {seconds:.1f} s"


def _failed(results: tuple[AttackResult, ...]) -> list[RenderableType]:
    """Every way that is not as it should be."""
    parts: list[RenderableType] = []
    for result in results:
        for each in result.tried:
            if each.outcome in ("broke", "could not be tried"):
                told = f"{result.attack.number} {each.way}: {each.outcome}: {each.detail}"
                parts.append(cell(told, _STYLES[each.outcome], 400))
        if result.outcome == "broke":
            parts.append(cell(f"   {result.attack.danger}", "", 400))
    return parts


def _document(mode: SandboxMode, results: tuple[AttackResult, ...]) -> Json:
    return {
        "mode": mode,
        "as_expected": all(each.as_expected for each in results),
        "attacks": [_one(each) for each in results],
    }


def _one(result: AttackResult) -> Json:
    return {
        "number": result.attack.number,
        "name": result.attack.name,
        "danger": result.attack.danger,
        "expected": expected_of(result.attack, result.mode),
        "outcome": result.outcome,
        "seconds": round(result.seconds, 3),
        "ways": [
            {
                "way": each.way,
                "outcome": each.outcome,
                "detail": each.detail,
                "control": each.control,
            }
            for each in result.tried
        ],
    }
