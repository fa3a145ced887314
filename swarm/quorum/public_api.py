"""The door of swarm.quorum."""

from swarm.quorum.attestation import export_dsse, read_dsse
from swarm.quorum.ballots import BALLOT_KIND, Draft, SignedEvent, Verify, cast, read_ballot
from swarm.quorum.certificate import verify_certificate
from swarm.quorum.tallying import Ignored, Tally, one_opinion, tally

__all__ = [
    "BALLOT_KIND",
    "Draft",
    "Ignored",
    "SignedEvent",
    "Tally",
    "Verify",
    "cast",
    "export_dsse",
    "one_opinion",
    "read_ballot",
    "read_dsse",
    "tally",
    "verify_certificate",
]
