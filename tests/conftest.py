"""What holds for the whole suite: no network, few examples, and what is slow comes last."""

import errno
import ipaddress
import signal
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from swarm.sandbox.public_api import why_not

settings.register_profile(
    "ci", max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", settings.get_profile("ci"), max_examples=1000)
settings.load_profile("ci")

_OUTWARD = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname"})


def _refuse_network(event: str, args: tuple[Any, ...]) -> None:
    """An audit hook: it sees every socket of this process, whichever library opened it."""
    if event in _OUTWARD:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event in _LOOKUPS:
        host = args[0]
    else:
        return
    if not _is_here(host):
        raise OSError(errno.ENETUNREACH, f"tests do not use the network (host {host!r})")


def _is_here(host: object) -> bool:
    """No host at all is a UNIX socket, or the wildcard address of whoever listens."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if not isinstance(name, str) or name in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


sys.addaudithook(_refuse_network)

signal.signal(signal.SIGINT, signal.default_int_handler)
"""Started in the background of a script, a process ignores Ctrl-C and so does all that it starts:
the tests that send one need it heard.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A Ray runtime makes everything after it slower, so its tests run last."""
    items.sort(key=lambda item: item.get_closest_marker("ray") is not None)


@pytest.fixture(scope="session")
def whole_walls(tmp_path_factory: pytest.TempPathFactory) -> None:
    """For tests whose sandboxes have a network and processes of their own; tried once for all."""
    if why := why_not(tmp_path_factory.mktemp("walls"), "namespaces"):
        pytest.skip(f"this machine has no sandbox with whole walls: {why}")
