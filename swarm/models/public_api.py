"""The door of swarm.models."""

from swarm.models.conversation import (
    Answer,
    Ask,
    Block,
    Call,
    Measured,
    Models,
    Purpose,
    Result,
    Stop,
    Text,
    Thinking,
    Tool,
    Turn,
    Usage,
)
from swarm.models.gateway import ModelGateway, Surroundings, views
from swarm.models.passing import Minded, Passages, Passed, Passing
from swarm.models.patience import Patience
from swarm.models.prices import Price, read_price
from swarm.models.routes import (
    ADDRESSES,
    ALL,
    MODELS,
    Route,
    RouteView,
    Speech,
    checked,
    read_routes,
    write_routes,
)

__all__ = [
    "ADDRESSES",
    "ALL",
    "MODELS",
    "Answer",
    "Ask",
    "Block",
    "Call",
    "Measured",
    "Minded",
    "ModelGateway",
    "Models",
    "Passages",
    "Passed",
    "Passing",
    "Patience",
    "Price",
    "Purpose",
    "Result",
    "Route",
    "RouteView",
    "Speech",
    "Stop",
    "Surroundings",
    "Text",
    "Thinking",
    "Tool",
    "Turn",
    "Usage",
    "checked",
    "read_price",
    "read_routes",
    "views",
    "write_routes",
]
