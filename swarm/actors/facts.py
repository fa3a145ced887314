"""What is known about a repository, read from the document that lies beside the journal."""

from dataclasses import dataclass
from pathlib import Path

from swarm.actors.places import Places
from swarm.domain.facts import SignedFact
from swarm.memory.public_api import open_replica, stale
from swarm.repository.public_api import blob_hash


@dataclass(frozen=True, slots=True)
class FactView:
    signed: SignedFact
    stale: bool
    """The file that it speaks of has changed since, or is gone."""


def read_facts(places: Places, repository: str) -> tuple[FactView, ...]:
    path = places.facts_of(repository)
    if not path.exists():
        return ()
    replica = open_replica(path.read_bytes())
    return tuple(_view(Path(repository), signed) for signed in replica.facts())


def _view(repository: Path, signed: SignedFact) -> FactView:
    fact = signed.fact
    if not fact.path:
        return FactView(signed, stale=False)
    return FactView(signed, stale=stale(fact, blob_hash(repository / fact.path)))
