"""Signatures with an RSA key that lies in a file: what GitHub knows an App by (RFC 7518, RS256).

The program `openssl` signs: the key stays in its file, is on no command line, and no library has to be
installed for what only some need.
"""

import subprocess
from pathlib import Path

from swarm.domain.errors import Lacking, NeedsHuman

_SECONDS = 20.0


def sign_rs256(key: Path, message: bytes) -> bytes:
    """Raises Lacking without `openssl`, NeedsHuman for a file that holds no such key or is open to others."""
    if key.exists() and key.stat().st_mode & 0o077:
        raise NeedsHuman(f"others can read {key}", advice=f"chmod 600 {key}; renew the key")
    try:
        done = subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", str(key), "-passin", "pass:"],
            input=message,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise Lacking(
            "openssl is not there: a GitHub App's key cannot sign without it",
            advice="install openssl, or use a token",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise NeedsHuman(f"openssl does not come to an end with {key}") from error
    if done.returncode != 0 or len(done.stdout) < 128:
        raise NeedsHuman(
            f"{key} is no RSA key that can sign", advice="the .pem file that GitHub gave you"
        )
    return done.stdout
