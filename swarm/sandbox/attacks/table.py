"""What is expected, attack by mode, as the documents show it. Pure.

The text stands between two marks in docs/sandbox.md, and a test compares it.
"""

from collections.abc import Iterable, Iterator
from typing import get_args

from swarm.sandbox.attacks.definition import Attack, Expected
from swarm.sandbox.port import SandboxMode

MODES: tuple[SandboxMode, ...] = get_args(SandboxMode)


def summary(attack: Attack, mode: SandboxMode) -> str:
    """One word, or that it is not the same for all its ways."""
    kinds = {attack.expects(way, mode).kind for way in attack.ways}
    kinds -= {"not applicable"} if len(kinds) > 1 else set()
    return next(iter(kinds)) if len(kinds) == 1 else "in part"


def markdown(attacks: Iterable[Attack]) -> str:
    shown = tuple(attacks)
    return (
        "\n".join([*_rows(shown), "", "What is not blocked, and why:", "", *_notes(shown)]) + "\n"
    )


def _rows(attacks: Iterable[Attack]) -> Iterator[str]:
    yield f"| | attack | ways | {' | '.join(f'`{mode}`' for mode in MODES)} |"
    yield f"|--:|---|--:|{'---|' * len(MODES)}"
    for each in attacks:
        cells = " | ".join(_cell(summary(each, mode)) for mode in MODES)
        yield f"| {each.number} | {each.name} | {len(each.ways)} | {cells} |"


def _cell(word: str) -> str:
    return word if word == "blocked" else f"*{word}*"


def _notes(attacks: Iterable[Attack]) -> Iterator[str]:
    """One for each reason, with the modes and attacks that it holds for."""
    found: dict[tuple[str, tuple[SandboxMode, ...]], list[str]] = {}
    for attack in attacks:
        for expected, modes in _reasons(attack).items():
            said = f"{expected.kind}: {expected.why}."
            which = f"{attack.number}{_ways(attack, modes[0], expected)}"
            found.setdefault((said, tuple(modes)), []).append(which)
    for (said, where), which_ones in found.items():
        yield f"- {', '.join(f'`{mode}`' for mode in where)} {said} Attack {', '.join(which_ones)}."


def _reasons(attack: Attack) -> dict[Expected, list[SandboxMode]]:
    found: dict[Expected, list[SandboxMode]] = {}
    for mode in MODES:
        for expected in dict.fromkeys(attack.expects(way, mode) for way in attack.ways):
            if expected.kind != "blocked":
                found.setdefault(expected, []).append(mode)
    return found


def _ways(attack: Attack, mode: SandboxMode, expected: Expected) -> str:
    """Which ones, where it is not all of them."""
    found = [way.name for way in attack.ways if attack.expects(way, mode) == expected]
    return "" if len(found) == len(attack.ways) else f" ({'; '.join(found)})"
