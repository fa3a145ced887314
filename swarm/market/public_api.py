"""The door of swarm.market."""

from swarm.domain.clearings import Award, Clearing, Reason, Refusal, ScoredBid
from swarm.market.announced import AtWork, OpenTask, Terms
from swarm.market.belief import Belief, Failure
from swarm.market.clearing import clear
from swarm.market.contest import RULES, Checks, Setting, Standing, contest, hindsight, stand
from swarm.market.explanation import explain, explain_checks
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
from swarm.market.ledger import Ledger, begin, deposit, finish, goal_account, meter, settle
from swarm.market.matrix import Matrix, read_matrix
from swarm.market.pivot import paid_if_accepted, tried_in_order
from swarm.market.replay import Replay, replay
from swarm.market.rules import Rule, read_rule
from swarm.market.skill import centre, deviation, mean
from swarm.market.touch import overlap
from swarm.market.verification import (
    Canaries,
    CheckOffer,
    Joint,
    Joints,
    Rate,
    Weighed,
    bought,
    drawn,
    measured,
    point_of_alpha,
    rate,
    shared,
    shared_between,
    together,
)
from swarm.market.worlds import WORLDS, World, contest_in, made_up

__all__ = [
    "RULES",
    "WORLDS",
    "AtWork",
    "Award",
    "Belief",
    "Canaries",
    "CheckOffer",
    "Checks",
    "Clearing",
    "Failure",
    "IndexParts",
    "Joint",
    "Joints",
    "Key",
    "Ledger",
    "Matrix",
    "OpenTask",
    "Rate",
    "Reason",
    "Refusal",
    "Replay",
    "Rule",
    "Ruling",
    "ScoredBid",
    "Setting",
    "Standing",
    "Table",
    "Terms",
    "Tried",
    "Weighed",
    "World",
    "begin",
    "bought",
    "centre",
    "class_of",
    "clear",
    "contest",
    "contest_in",
    "corrected",
    "cost_factor",
    "deposit",
    "deviation",
    "drawn",
    "explain",
    "explain_checks",
    "finish",
    "goal_account",
    "hindsight",
    "index",
    "known_of",
    "lessons",
    "made_up",
    "mean",
    "measured",
    "meter",
    "overlap",
    "paid_if_accepted",
    "point_of_alpha",
    "prior_of",
    "rate",
    "read_matrix",
    "read_rule",
    "replay",
    "settle",
    "shared",
    "shared_between",
    "stand",
    "time_factor",
    "together",
    "tried_in_order",
]
