"""The door of swarm.market."""

from swarm.domain.clearings import Award, Clearing, Reason, Refusal, ScoredBid
from swarm.market.announced import AtWork, OpenTask, Terms
from swarm.market.belief import Belief, Failure
from swarm.market.clearing import clear
from swarm.market.explanation import explain
from swarm.market.index import IndexParts, index
from swarm.market.rules import Rule, read_rule
from swarm.market.touch import overlap

__all__ = [
    "AtWork",
    "Award",
    "Belief",
    "Clearing",
    "Failure",
    "IndexParts",
    "OpenTask",
    "Reason",
    "Refusal",
    "Rule",
    "ScoredBid",
    "Terms",
    "clear",
    "explain",
    "index",
    "overlap",
    "read_rule",
]
