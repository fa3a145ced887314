"""Puts the coordinator of a state folder together. Apart from the hosts, so that its process reads nothing
that only agents need.
"""

import asyncio
from importlib.metadata import version
from typing import Literal

from swarm.actors.canaries import Errors
from swarm.actors.clock import Clock
from swarm.actors.coordinator import Coordinator, Terms
from swarm.actors.notifier import Notifier
from swarm.actors.office import AUTHOR, Office, PublisherPort, replace_file
from swarm.actors.places import Places
from swarm.actors.ports import Entry, FactsPort, RegistryPort, new_host
from swarm.actors.replicas import Replicas
from swarm.coordination.public_api import Rules
from swarm.identity.public_api import KeyRing, verify_digest, verify_event
from swarm.journal.public_api import FileBlobs, Journal
from swarm.memory.public_api import Replica, open_replica
from swarm.settings.public_api import Settings

Runtime = Literal["inline", "ray"]


def terms_of(settings: Settings, runtime: Runtime, expected: frozenset[str]) -> Terms:
    return Terms(
        rules=Rules(
            rounds=settings.rounds,
            attempts=settings.attempts,
            answer_ms=settings.answer_hours * 3_600_000,
            follow_ups=settings.follow_ups,
        ),
        errors=Errors(settings),
        lease_seconds=max(settings.lease_seconds, 3 * settings.heartbeat_seconds),
        expected=expected,
        version=version("bidswarm"),
        runtime=runtime,
        forge_seconds=settings.forge_seconds,
    )


def coordinator_of(
    places: Places,
    settings: Settings,
    journal: Journal,
    registry: RegistryPort,
    publisher: PublisherPort,
    clock: Clock,
    runtime: Runtime,
    expected: frozenset[str],
    facts: FactsPort | None = None,
) -> Coordinator:
    """`facts`: how others reach its replicas; None = in this process."""
    blobs = FileBlobs(places.blobs)
    signer = KeyRing(places.keys).signer(AUTHOR)
    replicas = _kept_replicas(places)
    office = Office(places, blobs, publisher, signer, replicas)
    return Coordinator(
        journal=journal,
        blobs=blobs,
        office=office,
        registry=registry,
        clock=clock,
        terms=terms_of(settings, runtime, expected),
        verify=verify_event,
        notifier=Notifier(settings.notify),
        entry=Entry(new_host(AUTHOR), AUTHOR, "", (), facts or replicas),
    )


def _kept_replicas(places: Places) -> Replicas:
    def opened(repository: str) -> Replica:
        path = places.facts_of(repository)
        return open_replica(path.read_bytes() if path.exists() else b"", verify=verify_digest)

    async def keep(repository: str, data: bytes) -> None:
        await asyncio.to_thread(replace_file, places.facts_of(repository), data)

    return Replicas(opened, keep)
