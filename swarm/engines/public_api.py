"""The door of swarm.engines."""

from swarm.engines.model.engine import ModelEngine
from swarm.engines.port import (
    NOTHING_MORE,
    Assignment,
    Done,
    Engine,
    GaveUp,
    Item,
    Needs,
    Question,
    StepTaken,
    Submission,
)
from swarm.engines.repair.engine import RepairEngine, repair_engines

__all__ = [
    "NOTHING_MORE",
    "Assignment",
    "Done",
    "Engine",
    "GaveUp",
    "Item",
    "ModelEngine",
    "Needs",
    "Question",
    "RepairEngine",
    "StepTaken",
    "Submission",
    "repair_engines",
]
