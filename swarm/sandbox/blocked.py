"""What tried to reach the network from a sandbox that has none: who asked for which name, or tried to
connect to which address.

Without a route such a call fails, and nobody hears of it. So every address is made the sandbox's own
(one route, to loopback): a connection is refused at once, because nobody listens there, a question to
a name server too, and nothing can leave, because there is nowhere to. Raw sockets with a filter of
the kernel's see the first packet of each such attempt arrive, and nothing of what the sandbox says to
itself. (Packet sockets would see the same, but closing one waits for every processor: 15 ms.)

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import ctypes
import socket
import struct
from collections.abc import Iterable
from typing import Any

MOST = 64
"""Different attempts that are remembered."""

_TEXT = 80
_NAME = 200
_PACKET = 2048
_AT_ONCE = 256
_DNS_PORT = 53

_IPV4, _IPV6 = socket.AF_INET, socket.AF_INET6
_FROM_HEADER = 0xFFF00000
"""SKF_NET_OFF of linux/filter.h: counted from the IP header, wherever the data begin."""

_ATTACH_FILTER = 26

# linux/rtnetlink.h
_NEW_ROUTE = 24
_REQUEST_CREATE_ACK = 0x1 | 0x400 | 0x4
_TABLE_LOCAL, _STATIC, _SCOPE_HOST, _TYPE_LOCAL = 255, 4, 254, 2
_ATTRIBUTE_DEVICE = 4
_ERROR = 2

# Classic BPF: load byte, half, word; the same behind the header; header's length; and; jumps.
_LDB, _LDH, _LD, _LDB_X, _LDH_X, _LDX_HEADER = 0x30, 0x28, 0x20, 0x50, 0x48, 0xB1
_AND, _EQUAL, _RETURN = 0x54, 0x15, 0x06
_TCP, _UDP, _SYN, _SYN_ACK = 6, 17, 0x02, 0x12

_Step = tuple[int, int, int, int]

# From an IPv4 header on: the first packet of a connection, or any datagram, that does not go to
# 127.0.0.0/8; and every question to a name server.
_FILTER_IPV4: tuple[_Step, ...] = (
    (_LDX_HEADER, 0, 0, 0),
    (_LDB, 0, 0, 9),
    (_EQUAL, 0, 3, _TCP),
    (_LDB_X, 0, 0, 13),
    (_AND, 0, 0, _SYN_ACK),
    (_EQUAL, 3, 7, _SYN),
    (_EQUAL, 0, 6, _UDP),
    (_LDH_X, 0, 0, 2),
    (_EQUAL, 3, 0, _DNS_PORT),
    (_LD, 0, 0, 16),
    (_AND, 0, 0, 0xFF000000),
    (_EQUAL, 1, 0, 0x7F000000),
    (_RETURN, 0, 0, _PACKET),
    (_RETURN, 0, 0, 0),
)

# The same from an IPv6 header on, without extension headers; not to ::1.
_FILTER_IPV6: tuple[_Step, ...] = (
    (_LDB, 0, 0, _FROM_HEADER + 6),
    (_EQUAL, 0, 3, _TCP),
    (_LDB, 0, 0, _FROM_HEADER + 53),
    (_AND, 0, 0, _SYN_ACK),
    (_EQUAL, 3, 8, _SYN),
    (_EQUAL, 0, 7, _UDP),
    (_LDH, 0, 0, _FROM_HEADER + 42),
    (_EQUAL, 4, 0, _DNS_PORT),
    (_LD, 0, 0, _FROM_HEADER + 24),
    (_EQUAL, 0, 2, 0),
    (_LD, 0, 0, _FROM_HEADER + 36),
    (_EQUAL, 1, 0, 1),
    (_RETURN, 0, 0, _PACKET),
    (_RETURN, 0, 0, 0),
)


class Tap:
    """Remembers attempts, as long as there is room for new ones."""

    def __init__(self, sockets: tuple[socket.socket, ...]) -> None:
        self._sockets = {each.fileno(): each for each in sockets}
        self._counts: dict[tuple[str, int, str], int] = {}

    @property
    def fds(self) -> tuple[int, ...]:
        return tuple(self._sockets)

    def read(self, commands: Iterable[str]) -> None:
        """What there is to read now; those commands run."""
        running = " | ".join(sorted(set(commands)))
        for each in self._sockets.values():
            for _packet in range(_AT_ONCE):
                try:
                    packet = _received(each)
                except BlockingIOError:
                    break
                self._add(each.family, packet, running)

    def records(self) -> list[dict[str, Any]]:
        return [
            {"host": host, "port": port, "command": command, "count": count}
            for (host, port, command), count in self._counts.items()
        ]

    def _add(self, family: int, packet: bytes, running: str) -> None:
        try:
            host, port = attempt(family, packet)
        except (IndexError, struct.error, ValueError):
            return
        key = host, port, plain(running, _TEXT)
        if key in self._counts or len(self._counts) < MOST:
            self._counts[key] = self._counts.get(key, 0) + 1


def open_tap() -> Tap:
    """Give this network namespace every address, and watch who uses one. Needs its rights.

    Raises OSError where the kernel has no such sockets.
    """
    _route(_IPV4)
    sockets = [_watch(_IPV4, kind, _FILTER_IPV4) for kind in (_TCP, _UDP)]
    if socket.has_ipv6:
        try:
            _route(_IPV6)
            sockets += [_watch(_IPV6, kind, _FILTER_IPV6) for kind in (_TCP, _UDP)]
        except OSError:  # a kernel without, or with it switched off: nothing goes that way
            return Tap(tuple(sockets))
    return Tap(tuple(sockets))


def attempt(family: int, packet: bytes) -> tuple[str, int]:
    """The host (as a name, if one was asked for) and port that a packet is for."""
    if family == _IPV4:
        start, kind, address = (packet[0] & 15) * 4, packet[9], packet[16:20]
        host = socket.inet_ntop(socket.AF_INET, address)
    else:
        start, kind, address = 40, packet[6], packet[24:40]
        host = socket.inet_ntop(socket.AF_INET6, address)
    (port,) = struct.unpack_from("!H", packet, start + 2)
    if kind == _UDP and port == _DNS_PORT:
        return name_asked(packet[start + 8 :]), port
    return host, port


def name_asked(query: bytes) -> str:
    """Of a question to a name server (RFC 1035, 4.1)."""
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    return plain(".".join(labels), _NAME)


def plain(text: str, most: int) -> str:
    """Written by an enemy, for people to read."""
    return "".join(each if each.isascii() and each.isprintable() else "?" for each in text[:most])


def _received(tap: socket.socket) -> bytes:
    """The next packet from its IP header on. Of IPv6 the kernel keeps that: the part we need."""
    data, ancillary, _flags, _address = tap.recvmsg(_PACKET, 64)
    if tap.family == _IPV4:
        return data
    address = next(
        (each[:16] for level, _kind, each in ancillary if level == socket.IPPROTO_IPV6), b""
    )
    return bytes(6) + bytes([tap.proto, 0]) + bytes(16) + address + data


def _watch(family: socket.AddressFamily, kind: int, steps: tuple[_Step, ...]) -> socket.socket:
    tap = socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, kind)
    try:
        if family == _IPV6:
            tap.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        program = b"".join(struct.pack("HBBI", *step) for step in steps)
        buffer = ctypes.create_string_buffer(program, len(program))
        header = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(buffer))
        tap.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, header)
    except OSError:
        tap.close()
        raise
    return tap


def _route(family: socket.AddressFamily) -> None:
    device = struct.pack("HHI", 8, _ATTRIBUTE_DEVICE, socket.if_nametoindex("lo"))
    route = struct.pack(
        "BBBBBBBBI", family, 0, 0, 0, _TABLE_LOCAL, _STATIC, _SCOPE_HOST, _TYPE_LOCAL, 0
    )
    body = route + device
    header = struct.pack("IHHII", 16 + len(body), _NEW_ROUTE, _REQUEST_CREATE_ACK, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as link:
        link.send(header + body)
        answer = link.recv(4096)
    (kind,) = struct.unpack_from("H", answer, 4)
    (error,) = struct.unpack_from("i", answer, 16)
    if kind == _ERROR and error:
        raise OSError(-error, "cannot make every address local")
