"""What other packages may import from `swarm.settings`."""

from swarm.settings.model import Settings
from swarm.settings.sources import Origin, load_settings, make_home, origins

__all__ = ["Origin", "Settings", "load_settings", "make_home", "origins"]
