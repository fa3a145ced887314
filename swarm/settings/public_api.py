"""What other packages may import from `swarm.settings`."""

from swarm.settings.model import Building, Settings
from swarm.settings.servers import ToolRole, ToolServer
from swarm.settings.sources import Origin, load_settings, make_home, origins

__all__ = [
    "Building",
    "Origin",
    "Settings",
    "ToolRole",
    "ToolServer",
    "load_settings",
    "make_home",
    "origins",
]
