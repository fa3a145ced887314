"""How agents' answers reach the coordinator: again and again until they are durable.

A report may be sent twice; the coordinator knows it by its attempt and epoch.
"""

from dataclasses import dataclass, field

import stamina

from swarm.actors.ports import CoordinatorPort
from swarm.coordination.public_api import AgentCommand, RecordStep
from swarm.domain.errors import Transient
from swarm.domain.names import AttemptId

ATTEMPTS = 40
LONGEST_WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Desk:
    coordinator: CoordinatorPort
    ended: set[tuple[AttemptId, int]] = field(default_factory=set)
    """Leases whose result is durable: what is still done for them is tidying up."""

    async def send(self, command: AgentCommand) -> tuple[str, ...]:
        """Guidance that is new here. Raises Rejected when the lease is lost."""
        async for attempt in stamina.retry_context(
            on=Transient, attempts=ATTEMPTS, timeout=None, wait_max=LONGEST_WAIT_SECONDS
        ):
            with attempt:
                said = await self.coordinator.record(command)
                if not isinstance(command, RecordStep):
                    self.ended.add((command.attempt_id, command.epoch))
                return said
        raise AssertionError("the last attempt raises")
