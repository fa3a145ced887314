"""How a command is started: a child sets itself up and turns into it.

Mostly nothing runs when one comes, and the child borrows our memory (`chain`), which is several times
faster than to copy it. Otherwise, and whenever anything about the command is not as usual, it is forked
in the ordinary way, which also says in the command's own output why it cannot be started.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import ctypes
import errno
import functools
import os
import resource
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

from swarm.sandbox import kernel, wire
from swarm.sandbox.chain import Call, Chain

CALLS = 20
"""At most so many are in a chain."""

_RLIMITS = {
    "cpu": resource.RLIMIT_CPU,
    "memory": resource.RLIMIT_AS,
    "processes": resource.RLIMIT_NPROC,
    "file": resource.RLIMIT_FSIZE,
    "files": resource.RLIMIT_NOFILE,
    "core": resource.RLIMIT_CORE,
}
_IGNORED_BY_US = (signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ)
_UMASK = 0o022
_NOT_STARTED = 127
_DESCRIPTORS = 1 << 16
_FIRST_CALLS: tuple[Call, ...] = (
    ("setsid", ()),
    ("prctl", kernel.END_WITH_PARENT),
    *(("signal", (int(each), 0)) for each in _IGNORED_BY_US),
    ("umask", (_UMASK,)),
)
_PATH_BYTES = 4096
_STANDARD = (0, 1, 2)
_AMPLE = 1 << 40
"""Of anything."""


def start(order: wire.Message, fds: Sequence[int], chain: Chain | None) -> int:
    """Its process id. `fds` become its first ones. Raises OSError when there can be no process."""
    with suppress(OSError, ValueError):
        if chain is not None:
            return _borrow(chain, order, fds)
    pid = os.fork()
    if pid == 0:
        _become(order, fds)
    return pid


def rehearse(chain: Chain) -> None:
    """Go through all calls once, in a child that becomes nothing: a directory cannot be executed."""
    order = {"argv": ["/"], "cwd": "/", "env": {}, "limits": dict.fromkeys(_RLIMITS, _AMPLE)}
    with suppress(OSError, ValueError):
        _borrow(chain, order, _STANDARD)


def _borrow(chain: Chain, order: wire.Message, fds: Sequence[int]) -> int:
    """Raises OSError or ValueError when that is not possible; nothing has happened then."""
    argv = _strings(order["argv"])
    env = _environment(tuple(order["env"].items()))
    limits = [(kind, _words(*each)) for kind, each in _limits(order["limits"])]
    program = ctypes.create_string_buffer(_PATH_BYTES)
    calls: list[Call] = [
        *_FIRST_CALLS,
        *(("dup2", (fd, number)) for number, fd in enumerate(fds)),
        ("syscall", (kernel.CLOSE_RANGE, len(fds), (1 << 32) - 1, 0)),
        *(("setrlimit", (kind, ctypes.addressof(each))) for kind, each in limits),
        ("execve", (ctypes.addressof(program), ctypes.addressof(argv), ctypes.addressof(env))),
        ("_exit", (_NOT_STARTED,)),
    ]
    with _inside(order["cwd"]):
        program.value = os.fsencode(_found(order["argv"][0], order["env"]))
        pid = chain.run(calls)
    failure = ctypes.get_errno()
    if failure:
        kernel.end(pid)
        raise OSError(failure, os.strerror(failure), order["argv"][0])
    return pid


@functools.cache
def _words(soft: int, hard: int) -> "ctypes.Array[ctypes.c_uint64]":
    """Always at the same place, so that the call stays laid out. There are a few only."""
    return (ctypes.c_uint64 * 2)(soft, hard)


@functools.lru_cache(maxsize=8)
def _environment(variables: tuple[tuple[str, str], ...]) -> "ctypes.Array[ctypes.c_char_p]":
    return _strings([_variable(name, value) for name, value in variables])


def _strings(texts: Sequence[str]) -> "ctypes.Array[ctypes.c_char_p]":
    data = [os.fsencode(each) for each in texts]
    if any(b"\0" in each for each in data):
        raise ValueError("embedded null byte")
    return (ctypes.c_char_p * (len(data) + 1))(*data, None)


def _variable(name: str, value: str) -> str:
    if not name or "=" in name:
        raise ValueError("illegal environment variable name")
    return f"{name}={value}"


def _found(program: str, env: Mapping[str, str]) -> str:
    for each in _candidates(program, env):
        if os.access(each, os.X_OK):
            return each
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), program)


@contextmanager
def _inside(directory: str) -> Iterator[None]:
    """The child begins where we are."""
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir("/")


def _become(order: wire.Message, fds: Sequence[int]) -> NoReturn:
    """In a child of our own. A failure is the shell's 127 and a line of errors."""
    try:
        os.setsid()
        kernel.die_with_parent()
        for number, fd in enumerate(fds):
            os.dup2(fd, number)
        os.closerange(len(fds), _DESCRIPTORS)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for each in _IGNORED_BY_US:
            signal.signal(each, signal.SIG_DFL)
        os.umask(_UMASK)
        os.chdir(order["cwd"])
        for kind, values in _limits(order["limits"]):
            resource.setrlimit(kind, values)
        _execute(order["argv"], order["env"])
    except OSError as error:
        what = error.filename or order["argv"][0]
        os.write(2, os.fsencode(f"{os.fsdecode(what)}: {error.strerror}\n"))
    except ValueError as error:
        os.write(2, os.fsencode(f"{error}\n"))
    finally:
        os._exit(_NOT_STARTED)


def _execute(argv: list[str], env: dict[str, str]) -> NoReturn:
    """As `os.execvpe`, which spends longer on warnings about bytes than the rest takes together."""
    failure: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), argv[0])
    for program in _candidates(argv[0], env):
        try:
            os.execve(program, argv, env)  # noqa: S606
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as error:
            failure = error
    raise failure


def _candidates(program: str, env: Mapping[str, str]) -> list[str]:
    if "/" in program:
        return [program]
    return [f"{each}/{program}" for each in env.get("PATH", "").split(":")]


def _limits(limits: Mapping[str, int]) -> list[tuple[int, tuple[int, int]]]:
    return [(_RLIMITS[name], _limit(_RLIMITS[name], value)) for name, value in limits.items()]


@functools.cache
def _limit(kind: int, value: int) -> tuple[int, int]:
    _soft, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    if kind != resource.RLIMIT_CPU:
        return value, value
    # First a signal that says why, a second later the one that cannot be ignored.
    return value, value + 1 if hard == resource.RLIM_INFINITY else hard
