"""The door of swarm.services."""

from swarm.domain.services import ServiceKind, ServiceSpec
from swarm.services.served import ServedSandbox, running
from swarm.services.services import Prepared, Services

__all__ = ["Prepared", "ServedSandbox", "ServiceKind", "ServiceSpec", "Services", "running"]
