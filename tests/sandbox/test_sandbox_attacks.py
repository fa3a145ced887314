"""Every attack of the catalogue, in every mode that this machine can make, and every control.

The attacks of one mode run together once, because one interpreter runs all their programs; each is a
test of its own by name. The slow ones (limits, races) run with the thorough tests.
"""

import asyncio
import functools
from collections.abc import Iterable
from pathlib import Path

import pytest

from swarm.domain.errors import Lacking
from swarm.sandbox.attacks.definition import Control, Procedure, Result, Tried, Way
from swarm.sandbox.attacks.public_api import (
    ATTACKS,
    Attack,
    AttackResult,
    attack_table,
    try_attacks,
)
from swarm.sandbox.attacks.table import MODES
from swarm.sandbox.public_api import SandboxMode

_QUICK_MODES = ("namespaces",)
"""What ordinary users have. The other modes are tried with the thorough tests."""

QUICK = tuple(each for each in ATTACKS if each.quick)
SLOW = tuple(each for each in ATTACKS if not each.quick)
DOCUMENT = Path(__file__).parents[2] / "docs/sandbox.md"


async def _collected(mode: SandboxMode, attacks: Iterable[Attack]) -> list[AttackResult]:
    return [each async for each in try_attacks(mode, attacks)]


@functools.cache
def tried(mode: SandboxMode, *, quick: bool) -> dict[int, Result]:
    chosen = QUICK if quick else SLOW
    results = asyncio.run(_collected(mode, chosen))
    return {each.attack.number: each for each in results}


def result_of(mode: SandboxMode, attack: Attack) -> Result:
    try:
        return tried(mode, quick=attack.quick)[attack.number]
    except Lacking as error:
        pytest.skip(f"no sandbox of mode {mode} here: {error}")


def _cases() -> list[object]:
    return [
        pytest.param(
            mode,
            attack,
            id=f"{attack.number}-{mode}",
            marks=() if attack.quick and mode in _QUICK_MODES else (pytest.mark.thorough,),
        )
        for mode in MODES
        for attack in ATTACKS
    ]


each_attack = pytest.mark.parametrize(("mode", "attack"), _cases())


@each_attack
def test_an_attack_ends_as_expected(mode: SandboxMode, attack: Attack) -> None:
    result = result_of(mode, attack)
    wrong = [each for each in result.tried if each.outcome in ("broke", "could not be tried")]
    assert not wrong


@each_attack
def test_a_control_gets_through_where_there_are_fewer_walls(
    mode: SandboxMode, attack: Attack
) -> None:
    result = result_of(mode, attack)
    assert not [each for each in result.tried if each.control_failed]
    for way, each in zip(attack.ways, result.tried, strict=True):
        if each.outcome == "held" and _must_be_shown(way):
            assert each.control.startswith(("gets through", "none: this machine makes no"))


def _must_be_shown(way: Way | Procedure) -> bool:
    if isinstance(way, Procedure):
        return callable(way.control)
    return isinstance(way.control, Control) and not way.control.unless


def test_all_attacks_have_a_number_of_their_own() -> None:
    numbers = [each.number for each in ATTACKS]
    assert numbers == sorted(set(numbers))


def test_nothing_is_expected_to_be_allowed_in_the_strongest_modes() -> None:
    for attack in ATTACKS:
        for way in attack.ways:
            for mode in ("idmapped", "namespaces"):
                assert attack.expects(way, mode).kind == "blocked"


# A wall with a hole


def numbered(*numbers: int) -> tuple[Attack, ...]:
    return tuple(each for each in ATTACKS if each.number in numbers)


def test_a_hole_in_the_wall_is_found(tmp_path: Path) -> None:
    """One directory too many is shown: the folder of all sandboxes, base and copy-on-write layers."""

    scratch = tmp_path / "boxes"
    scratch.mkdir()

    async def main() -> list[AttackResult]:
        attacks = numbered(2, 3)
        return [each async for each in try_attacks("namespaces", attacks, scratch, (scratch,))]

    try:
        base, secrets = asyncio.run(main())
    except Lacking as error:
        pytest.skip(f"no namespaces here: {error}")
    assert base.outcome == "broke"
    assert not base.as_expected
    assert [each.way for each in base.tried if each.outcome == "broke"] == [
        "list the folder of all sandboxes"
    ]
    assert secrets.outcome == "held"


def test_one_broken_way_is_a_broken_attack() -> None:
    (attack,) = numbered(2)
    held, broke = Tried("a", "held"), Tried("b", "broke")
    untried, allowed = Tried("c", "could not be tried"), Tried("d", "allowed")

    def outcome(*ways: Tried) -> str:
        return Result(attack, "namespaces", ways, 0.0).outcome

    assert outcome(held, broke, untried) == "broke"
    assert outcome(held, untried) == "could not be tried"
    assert outcome(held, allowed) == "held"
    assert outcome(Tried("e", "not applicable")) == "not applicable"


# The document


def test_the_document_shows_what_is_expected() -> None:
    text = DOCUMENT.read_text()
    begin, end = "<!-- attacks: begin -->\n", "<!-- attacks: end -->"
    shown = text.split(begin)[1].split(end)[0]
    assert shown == attack_table(ATTACKS), "paste what attack_table says between the marks"
