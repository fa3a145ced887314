"""What other packages may import from `swarm.settings`."""

from swarm.settings.model import Building, Settings
from swarm.settings.sources import Origin, load_settings, make_home, origins

__all__ = ["Building", "Origin", "Settings", "load_settings", "make_home", "origins"]
