"""What other packages may import from `swarm.settings`."""

from swarm.settings.model import Building, Settings
from swarm.settings.purposes import ModelChoice
from swarm.settings.servers import ToolRole, ToolServer
from swarm.settings.sources import Origin, load_settings, make_home, origins

__all__ = [
    "Building",
    "ModelChoice",
    "Origin",
    "Settings",
    "ToolRole",
    "ToolServer",
    "load_settings",
    "make_home",
    "origins",
]
