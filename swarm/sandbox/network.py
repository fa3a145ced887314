"""Which hosts may be reached from a sandbox, as rules that do nothing but decide.

A name is allowed as it stands, or by `.example.org` for all names below it (and not for
`badexample.org`). Addresses are never accepted in the place of names, and a name that leads to an
address of a private network, this machine or its cloud's metadata is refused, unless that very
address and port are on the list as well.
"""

import ipaddress
import re
from dataclasses import dataclass

from swarm.sandbox.port import Network

PROXY_PORT = 3128
"""On 127.0.0.1 inside."""

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_LONGEST = 253
_HIGHEST_PORT = 65535

_TRANSLATED = (
    ipaddress.ip_network("64:ff9b::/96"),
    ipaddress.ip_network("64:ff9b:1::/48"),
    ipaddress.ip_network("2002::/16"),
    ipaddress.ip_network("2001::/32"),
)
"""IPv6 addresses that lead to an IPv4 address, which could be a private one."""


@dataclass(frozen=True, slots=True)
class Target:
    host: str
    port: int


def environment(network: Network) -> dict[str, str]:
    """What programs inside are told of the proxy: both spellings are looked for."""
    if not network.allowed:
        return {}
    proxy = f"http://127.0.0.1:{PROXY_PORT}"
    names = ("http_proxy", "https_proxy")
    every = {**dict.fromkeys(names, proxy), "no_proxy": "localhost,127.0.0.1,::1"}
    return every | {name.upper(): value for name, value in every.items()}


def target(authority: str, default_port: int | None = None) -> Target:
    """Read `host:port`. Raises ValueError for anything that is not plainly that."""
    host, colon, port = authority.rpartition(":")
    if not colon:
        host, port = authority, str(default_port or "")
    host = host.lower().removesuffix(".")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) <= _HIGHEST_PORT:
        raise ValueError("no port")
    if len(host) > _LONGEST or not all(_LABEL.fullmatch(each) for each in host.split(".")):
        raise ValueError("no host name")
    return Target(host, int(port))


def refusal(network: Network, wanted: Target) -> str:
    """Why it is not allowed; empty if it is."""
    if _is_address(wanted.host) and (wanted.host, wanted.port) not in network.allowed:
        return "an address in the place of a name"
    if not any(_covers(name, port, wanted) for name, port in network.allowed):
        return "not on the list"
    return ""


def may_connect(network: Network, address: str, port: int) -> bool:
    """Whether this is where an allowed name may lead."""
    if (address, port) in network.allowed:
        return True
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return may_connect(network, str(found.ipv4_mapped), port)
        if any(found in each for each in _TRANSLATED):
            return False
    return found.is_global and not found.is_multicast


def _covers(name: str, port: int, wanted: Target) -> bool:
    name = name.lower()
    if name.startswith("."):
        return wanted.port == port and wanted.host.endswith(name) and wanted.host != name
    return wanted == Target(name, port)


def _is_address(host: str) -> bool:
    """Also in the spellings that only C libraries know: 2130706433, 0x7f.1, 127.1."""
    last = host.rpartition(".")[2]
    return last.isdigit() or last.startswith("0x")
