"""Tries attacks in an arena.

Programs go in together, each to its place, in one command: they are many, and starting an
interpreter costs more than most of them. Ways that need somebody outside follow, one by one.
"""

import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from swarm.domain.errors import SwarmError
from swarm.sandbox.attacks import arena as arenas
from swarm.sandbox.attacks.arena import Arena
from swarm.sandbox.attacks.bundle import Order, Seen
from swarm.sandbox.attacks.definition import (
    Attack,
    Control,
    NoControl,
    Procedure,
    Result,
    Tried,
    Way,
)


@dataclass(slots=True)
class _Program:
    """A way that is tried, with what was seen of it."""

    attack: Attack
    way: Way
    seen: Seen | None = None
    control: Seen | None = None


async def try_all(arena: Arena, attacks: Iterable[Attack]) -> AsyncIterator[Result]:
    """One result after the other, in the attacks' order; the first takes the longest to come."""
    wanted = tuple(attacks)
    started = time.monotonic()
    programs = await _run_programs(arena, wanted)
    share = (time.monotonic() - started) / max(len(wanted), 1)
    for attack in wanted:
        began = time.monotonic()
        tried = [await _tried(arena, attack, way, programs) for way in attack.ways]
        yield Result(attack, arena.mode, tuple(tried), share + time.monotonic() - began)


async def _tried(
    arena: Arena, attack: Attack, way: Way | Procedure, programs: Sequence[_Program]
) -> Tried:
    expected = attack.expects(way, arena.mode)
    name = way.name.format_map(arena.facts)
    if expected.kind == "allowed":
        return Tried(name, "allowed", expected.why)
    if expected.kind == "not applicable":
        return Tried(name, "not applicable", expected.why)
    if isinstance(way, Procedure):
        return await _followed(arena, way)
    return _judged(name, next(each for each in programs if each.way is way))


# Programs


async def _run_programs(arena: Arena, attacks: Sequence[Attack]) -> list[_Program]:
    programs = [
        _Program(attack, way)
        for attack in attacks
        for way in attack.ways
        if isinstance(way, Way) and attack.expects(way, arena.mode).kind == "blocked"
    ]
    there = [each for each in programs if not _mark_absent(arena, each)]
    seen = await arena.attempt([Order(each.way.program, each.way.arguments) for each in there])
    for program, one in zip(there, seen, strict=True):
        program.seen = one
    await _run_controls(arena, there)
    return programs


def _mark_absent(arena: Arena, program: _Program) -> bool:
    if not program.way.needs:
        return False
    path = program.way.needs.format_map(arena.facts)
    try:
        found = bool(path) and Path(path).exists()
    except PermissionError:
        found = True
    if not found:
        program.seen = Seen("absent", f"there is no {path or 'such thing'} on this machine")
    return not found


async def _run_controls(arena: Arena, programs: Sequence[_Program]) -> None:
    for place in ("inside", "outside", "bare"):
        chosen = [each for each in programs if _place(each) == place]
        orders = [arena.filled(_order(each.way)) for each in chosen]
        if place == "inside":
            seen = await arena.attempt(orders) if orders else []
        elif place == "outside":
            seen = await arenas.attempt_outside(orders, arena.outside)
        else:
            seen = await arenas.attempt_bare(orders, arena.outside)
        for program, one in zip(chosen, seen, strict=True):
            program.control = one


def _place(program: _Program) -> str:
    control = program.way.control
    return control.place if isinstance(control, Control) else ""


def _order(way: Way) -> Order:
    assert isinstance(way.control, Control)
    arguments = way.arguments if way.control.arguments is None else way.control.arguments
    return Order(way.control.program or way.program, arguments)


def _judged(name: str, program: _Program) -> Tried:
    assert program.seen is not None
    tried = _from_seen(name, program.seen)
    control = program.way.control
    if isinstance(control, NoControl):
        return replace(tried, control=f"none: {control.why}")
    return _with_control(tried, program.control, control.place, control.unless)


def _with_control(tried: Tried, seen: Seen | None, place: str, unless: str) -> Tried:
    if seen is None:
        return tried
    if seen.verdict == "through":
        return replace(tried, control=f"gets through {place}")
    if place == "bare" and seen.verdict == "broken":
        return replace(tried, control=f"none: this machine makes no such place ({seen.detail})")
    failed = f"does not get through {place} either ({seen.detail})"
    if unless:
        return replace(tried, control=f"{failed}: {unless}")
    if tried.outcome != "held":
        return replace(tried, control=failed, control_failed=True)
    return Tried(tried.way, "could not be tried", f"its control {failed}", failed, True)


def _from_seen(name: str, seen: Seen) -> Tried:
    match seen.verdict:
        case "through":
            return Tried(name, "broke", seen.detail or "it got through")
        case "refused":
            return Tried(name, "held", seen.detail)
        case "absent":
            return Tried(name, "not applicable", seen.detail)
        case "broken":
            return Tried(name, "could not be tried", seen.detail)


# Ways that need somebody outside


async def _followed(arena: Arena, way: Procedure) -> Tried:
    try:
        tried = _from_seen(way.name, await way.run(arena))
    except (SwarmError, OSError, TimeoutError) as error:
        return Tried(way.name, "could not be tried", str(error) or type(error).__name__)
    if isinstance(way.control, NoControl):
        return replace(tried, control=f"none: {way.control.why}")
    return _with_control(tried, await way.control(arena), way.where, "")
