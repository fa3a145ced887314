"""What a goal's work was held by, as a terminal shows it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from rich.console import RenderableType

from swarm.cli.page import plain_table, section
from swarm.cli.words import cell, count
from swarm.coordination.public_api import GoalState
from swarm.domain.evidence import BlockedConnection, joined
from swarm.sandbox.public_api import SandboxMode, unheld


@dataclass(frozen=True, slots=True)
class Walls:
    mode: str
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def unheld(self) -> tuple[str, ...]:
        found: tuple[str, ...] = ()
        for mode in get_args(SandboxMode):
            if mode == self.mode:
                found = unheld(mode)
        return found


def blocked_of(state: GoalState) -> tuple[BlockedConnection, ...]:
    """What tried to reach the network while checks ran, in all of them."""
    reports = (each.report for each in state.attempts.values() if each.report is not None)
    return joined(each for report in reports for each in report.blocked)


def isolation_section(state: GoalState, walls: Walls) -> RenderableType:
    """Nothing where whole walls stood and nothing ran against them."""
    blocked = blocked_of(state)
    if not (walls.unheld or blocked):
        return ""
    return section(f"Sandbox {walls.mode}", *_shown(walls, blocked))


def _shown(walls: Walls, blocked: Sequence[BlockedConnection]) -> Iterator[RenderableType]:
    yield from (cell(each) for each in walls.unheld)
    if blocked:
        yield cell(f"{count(len(blocked), 'host was', 'hosts were')} not reached while checks ran:")
        table = plain_table("host", "port", "times", "by")
        for each in blocked:
            table.add_row(cell(each.host), str(each.port), str(each.count), cell(each.command))
        yield table
