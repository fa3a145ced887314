"""The door of swarm.engines."""

from swarm.engines.model.engine import ModelEngine
from swarm.engines.port import (
    Assignment,
    Done,
    Engine,
    GaveUp,
    Item,
    Question,
    StepTaken,
    Submission,
)
from swarm.engines.repair.engine import RepairEngine, repair_engines

__all__ = [
    "Assignment",
    "Done",
    "Engine",
    "GaveUp",
    "Item",
    "ModelEngine",
    "Question",
    "RepairEngine",
    "StepTaken",
    "Submission",
    "repair_engines",
]
