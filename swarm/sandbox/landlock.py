"""Landlock: a process gives up access to files, ports and other processes, for ever and for all its
offspring, without any right and without namespaces.

It is the wall where containers and distributions refuse user namespaces, and a second one elsewhere.
Rules only allow: what no rule names is refused, and no rule can be taken out of another. Not seen by
Landlock are the names, sizes and times of files, changes of permissions, datagrams, and sockets that
have a name in the file system; the filter of system calls sees to the last two.

What a kernel can refuse grows with its ABI: 1 files (5.13), 2 links and renames between directories,
3 truncation, 4 TCP ports (6.7), 5 devices' ioctls, 6 signals and abstract sockets (6.12), 7 logging.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from swarm.sandbox import kernel

LOGGING_ABI = 7
"""The newest that is known here; a newer kernel can all of it too."""

SCOPE_ABI = 6
"""From here on nobody outside can be signalled, or met at an abstract socket."""

TRUNCATE_ABI = 3

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""The same on every architecture."""

_CREATE_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_FILES_SINCE = {1: (1 << 13) - 1, 2: 1 << 13, 3: _TRUNCATE, 5: _IOCTL_DEV}
"""Accesses to files that an ABI adds."""

_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_TCP = 3
_SCOPES = 3

READ = _EXECUTE | _READ_FILE | _READ_DIR
CHANGE = ~(_MAKE_CHAR | _MAKE_BLOCK)
"""All but making devices."""

USE = _READ_FILE | _WRITE_FILE
"""Of a device."""


def abi() -> int:
    """The kernel's; 0 where there is no Landlock, or it is switched off or refused."""
    try:
        return kernel.call(_CREATE, "landlock", 0, 0, _CREATE_VERSION)
    except OSError:
        return 0


def restrict(grants: Iterable[tuple[str, int]], known: int) -> None:
    """Allow those accesses to what lies there, and to nothing else; no TCP port.

    Signals and abstract sockets end at this process' offspring too, from ABI 6. `known`: the ABI.
    """
    files = sum(bits for since, bits in _FILES_SINCE.items() if since <= known)
    rules = _ruleset(files, _TCP if known >= 4 else 0, _SCOPES if known >= SCOPE_ABI else 0, known)
    try:
        for path, access in grants:
            _allow(rules, path, access & files)
        _enter(rules)
    finally:
        os.close(rules)


def scope() -> None:
    """Let signals, traces and abstract sockets end at this process' offspring; files as before.

    Raises OSError before ABI 6.
    """
    rules = _ruleset(0, 0, _SCOPES, SCOPE_ABI)
    try:
        _enter(rules)
    finally:
        os.close(rules)


def _ruleset(files: int, ports: int, scopes: int, known: int) -> int:
    size = 24 if known >= SCOPE_ABI else 16 if known >= 4 else 8
    attributes = ctypes.create_string_buffer(struct.pack("QQQ", files, ports, scopes)[:size], size)
    return kernel.call(_CREATE, "landlock", ctypes.addressof(attributes), size, 0)


def _allow(rules: int, path: str, access: int) -> None:
    """What is not there needs no rule."""
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            access &= _OF_A_FILE
        rule = ctypes.create_string_buffer(struct.pack("=Qi", access, fd), 12)
        kernel.call(_ADD, f"landlock {path}", rules, _RULE_PATH_BENEATH, ctypes.addressof(rule), 0)
    finally:
        os.close(fd)


def _enter(rules: int) -> None:
    """Needs that no rights can be gained any more: `kernel.drop_rights`."""
    kernel.call(_RESTRICT, "landlock", rules, 0)
