"""The door of swarm.memory."""

from swarm.memory.admission import Verify
from swarm.memory.exchange import Exchanged, exchange, exchange_once, take_all
from swarm.memory.judgement import ONE_TRUTH, disputed, stale, standing
from swarm.memory.replica import Merged, Refused, Replica, open_replica

__all__ = [
    "ONE_TRUTH",
    "Exchanged",
    "Merged",
    "Refused",
    "Replica",
    "Verify",
    "disputed",
    "exchange",
    "exchange_once",
    "open_replica",
    "stale",
    "standing",
    "take_all",
]
