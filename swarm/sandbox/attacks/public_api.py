"""The door of swarm.sandbox.attacks: apart from the sandbox's, for whoever works in one attacks none."""

from swarm.sandbox.attacks.attacking import try_attacks
from swarm.sandbox.attacks.catalogue import ATTACKS
from swarm.sandbox.attacks.definition import Attack
from swarm.sandbox.attacks.definition import Result as AttackResult
from swarm.sandbox.attacks.table import markdown as attack_table
from swarm.sandbox.attacks.table import summary as expected_of

__all__ = [
    "ATTACKS",
    "Attack",
    "AttackResult",
    "attack_table",
    "expected_of",
    "try_attacks",
]
