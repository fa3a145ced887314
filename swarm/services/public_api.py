"""The door of swarm.services."""

from swarm.domain.services import ServiceKind, ServiceSpec
from swarm.services.programs import demand as demand_programs
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
    "demand_programs",
    "running",
    "wanted_services",
]
