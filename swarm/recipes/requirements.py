"""One requirement as people write it: its name, and the host it comes from beside the index."""

import re
from urllib.parse import urlsplit

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:[\[<>=!~;@(\s]|$)")
_URL = re.compile(r"(?:git\+|hg\+|svn\+|bzr\+)?(?:https?|ssh|git)://[^\s'\"#;,)\]]+")


def name_of(requirement: str) -> str:
    """Normalised; empty for what is no named requirement."""
    match = _NAME.match(requirement)
    return normalised(match.group(1)) if match else ""


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def hosts_in(text: str) -> tuple[str, ...]:
    """Hosts of the addresses in a line; never a user or a password."""
    return tuple(dict.fromkeys(filter(None, map(_host, _URL.findall(text)))))


def _host(address: str) -> str:
    try:
        parts = urlsplit(re.sub(r"^\w+\+", "", address))
        port = parts.port
    except ValueError:
        return ""
    host = parts.hostname or ""
    return f"{host}:{port}" if port else host
