"""The door of swarm.services."""

from swarm.domain.services import ServiceKind, ServiceSpec
from swarm.services.served import ServedSandbox, running
from swarm.services.services import Prepared, Services
from swarm.services.wanted import Hint, wanted_services

__all__ = [
    "Hint",
    "Prepared",
    "ServedSandbox",
    "ServiceKind",
    "ServiceSpec",
    "Services",
    "running",
    "wanted_services",
]
