"""Attacks by way of the network and of other ways to talk. Standard library only: sent into
sandboxes as text.
"""

import contextlib
import errno
import os
import socket
import struct

from swarm.sandbox.attacks.calls import Absent

_SECONDS = 3
_REFUSAL_SECONDS = 0.5
_PROXY_SECONDS = 15
_RTM_NEWADDR = 20
_REQUEST_ACK_CREATE = 0x1 | 0x4 | 0x400
_VSOCK, _PACKET, _ALG = 40, 17, 38


def connect(host: str, port: str) -> None:
    socket.create_connection((host, int(port)), timeout=_SECONDS).close()


def send_datagram(host: str, port: str) -> None:
    """It goes out unless somebody says at once that nobody is there: then it came back to us."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as some:
        some.settimeout(_REFUSAL_SECONDS)
        some.connect((host, int(port)))
        some.send(b"x")
        with contextlib.suppress(TimeoutError):
            some.recv(1)


def has_way_to(host: str) -> None:
    """Whether this machine would send anything there; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as some:
        some.connect((host, 53))


def resolve(name: str) -> None:
    socket.getaddrinfo(name, 443)


def ping() -> None:
    """An ICMP socket of the kind that needs no rights."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as some:
        some.sendto(b"\x08\x00\xf7\xff\x00\x00\x00\x00", ("1.1.1.1", 0))


def ask_proxy(port: str, request: str) -> None:
    """Get through when the answer is that it was done."""
    first, *headers = request.split("|")
    first = first if "HTTP/" in first else f"{first} HTTP/1.1"
    with socket.create_connection(("127.0.0.1", int(port)), timeout=_PROXY_SECONDS) as some:
        some.sendall("\r\n".join([first, *headers, "", ""]).encode())
        answer = some.recv(4096)
    status = answer.split(b"\r\n")[0].decode(errors="replace")
    assert status.split(" ")[1:2] == ["200"], status or "no answer"


def connect_abstract(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as some:
        some.connect("\0" + name)


def connect_path(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as some:
        some.connect(path)


def open_socket(family: str, kind: str, protocol: str = "0") -> None:
    try:
        socket.socket(int(family), int(kind), int(protocol)).close()
    except OSError as error:
        if error.errno == errno.ESOCKTNOSUPPORT:
            raise Absent("this kernel has no such sockets") from error
        raise


def add_address() -> None:
    """Give the loopback another address, by netlink."""
    index = socket.if_nametoindex("lo")
    address = socket.inet_aton("127.99.99.99")
    attributes = b"".join(struct.pack("HH4s", 8, kind, address) for kind in (1, 2))
    body = struct.pack("BBBBI", socket.AF_INET, 32, 0, 0, index) + attributes
    header = struct.pack("IHHII", 16 + len(body), _RTM_NEWADDR, _REQUEST_ACK_CREATE, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as some:
        some.send(header + body)
        answer = some.recv(4096)
    (code,) = struct.unpack_from("i", answer, 16)
    if code:
        raise OSError(-code, os.strerror(-code))
