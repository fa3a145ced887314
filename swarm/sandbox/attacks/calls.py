"""System calls by number, as hostile code makes them.

Standard library only: sent into sandboxes as text.
"""

import ctypes
import errno
import os
import platform

LIBC = ctypes.CDLL(None, use_errno=True)

_DID_NOT_LOOK = (errno.EPERM, errno.EACCES, errno.ENOSYS)


class Absent(Exception):
    """There is nothing to attack here, and why."""


def number(x86_64: int, aarch64: int) -> int:
    """That of this machine. From asm/unistd_64.h and asm-generic/unistd.h."""
    numbers = {"x86_64": x86_64, "aarch64": aarch64}
    if platform.machine() not in numbers:
        raise Absent(f"no numbers of system calls are known for {platform.machine()}")
    return numbers[platform.machine()]


def call(what: int, *arguments: int | bytes) -> int:
    """Raises OSError."""
    words = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return checked(LIBC.syscall(ctypes.c_long(what), *words))


def checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def reach(what: int, *arguments: int | bytes) -> None:
    """Get through when the kernel so much as looks at the arguments, which may be nonsense.

    Raises OSError when it refuses before, or has no such call.
    """
    try:
        call(what, *arguments)
    except OSError as error:
        if error.errno in _DID_NOT_LOOK:
            raise
