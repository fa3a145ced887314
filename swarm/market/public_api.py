"""The door of swarm.market."""

from swarm.domain.clearings import Award, Clearing, Reason, Refusal, ScoredBid
from swarm.market.announced import AtWork, OpenTask, Terms
from swarm.market.belief import Belief, Failure
from swarm.market.clearing import clear
from swarm.market.contest import RULES, Setting, Standing, contest, hindsight, stand
from swarm.market.explanation import explain
from swarm.market.index import IndexParts, index
from swarm.market.learning import (
    Key,
    Ruling,
    Table,
    Tried,
    class_of,
    corrected,
    cost_factor,
    known_of,
    lessons,
    prior_of,
    time_factor,
)
from swarm.market.matrix import Matrix, read_matrix
from swarm.market.rules import Rule, read_rule
from swarm.market.touch import overlap

__all__ = [
    "RULES",
    "AtWork",
    "Award",
    "Belief",
    "Clearing",
    "Failure",
    "IndexParts",
    "Key",
    "Matrix",
    "OpenTask",
    "Reason",
    "Refusal",
    "Rule",
    "Ruling",
    "ScoredBid",
    "Setting",
    "Standing",
    "Table",
    "Terms",
    "Tried",
    "class_of",
    "clear",
    "contest",
    "corrected",
    "cost_factor",
    "explain",
    "hindsight",
    "index",
    "known_of",
    "lessons",
    "overlap",
    "prior_of",
    "read_matrix",
    "read_rule",
    "stand",
    "time_factor",
]
