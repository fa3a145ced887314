"""Puts the publisher together: the only object that holds what a forge is written with."""

from pathlib import Path

from swarm.actors.abroad import Ways
from swarm.actors.places import Places
from swarm.forge.public_api import LocalForge, Publisher
from swarm.identity.public_api import verify_event
from swarm.quorum.public_api import verify_certificate
from swarm.repository.public_api import Mirror, Outlet
from swarm.settings.public_api import Settings


def publisher_of(places: Places, settings: Settings) -> Publisher:
    """The only object that writes to a forge, besides its owner at the command line."""

    def outlet(repository: str) -> Outlet:
        return Outlet(Mirror.open(places.mirror_of(repository), Path(repository)))

    return Publisher(
        outlet,
        LocalForge(places.forge),
        holds=lambda certificate: not verify_certificate(certificate, verify_event),
        abroad=Ways(places),
        protected=settings.protected,
    )
