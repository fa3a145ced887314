"""What Ray reads from the environment while it is being imported; so this comes first.

Token authentication with a file of our own: Ray listens on every address of the machine, and whoever
has the token may run code in its workers. No telemetry.
"""

import os
import secrets

from swarm.actors.places import Places


def prepare_environment(places: Places) -> None:
    """Set it for this process and all that it starts. Without effect once ray is imported."""
    token = places.home / "ray.token"
    if not token.exists():
        descriptor = os.open(token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ.setdefault("RAY_AUTH_TOKEN_PATH", str(token))
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
