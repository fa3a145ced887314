"""Runs ways to attack, one after the other, each in a process of its own, and tells how each ended.

A way gets through when its function returns. It is refused by an OSError or a failed assertion, or
by the death that the filter of system calls deals; any other end is a broken script, and no result.

Standard library only: sent into sandboxes as text.
"""

import errno
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from swarm.sandbox.attacks.calls import Absent

_SECONDS = 50


def main(orders: Sequence[tuple[str, str, Sequence[str]]]) -> None:
    """Answer one line of JSON for each order: its number, a verdict, a detail."""
    for position, (module, function, arguments) in enumerate(orders):
        answer = [position, *_attempt(module, function, arguments)]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _attempt(module: str, function: str, arguments: Sequence[str]) -> tuple[str, str]:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(writer, module, function, arguments)
    os.close(writer)
    _pid, status = os.waitpid(pid, 0)
    os.set_blocking(reader, False)  # something that it left may hold the other end
    try:
        told = os.read(reader, 65536)
    except BlockingIOError:
        told = b""
    os.close(reader)
    return _understood(told, os.waitstatus_to_exitcode(status))


def _child(writer: int, module: str, function: str, arguments: Sequence[str]) -> NoReturn:
    try:
        signal.alarm(_SECONDS)
        verdict, detail = _outcome(module, function, arguments)
        os.write(writer, json.dumps([verdict, detail[:500]]).encode())
    finally:
        os._exit(0)


def _outcome(module: str, function: str, arguments: Sequence[str]) -> tuple[str, str]:
    try:
        detail = getattr(sys.modules[module], function)(*arguments)
    except Absent as error:
        return "absent", str(error)
    except OSError as error:
        return "refused", errno.errorcode.get(error.errno or 0, "") or str(error)
    except (AssertionError, MemoryError) as error:
        return "refused", str(error) or type(error).__name__
    except BaseException:  # noqa: BLE001 - nobody else sees this process: told, whatever it is
        return "broken", traceback.format_exc().strip().splitlines()[-1]
    return "through", detail or ""


def _understood(told: bytes, code: int) -> tuple[str, str]:
    if told:
        verdict, detail = json.loads(told)
        return verdict, detail
    if code == -signal.SIGSYS:
        return "refused", "killed: no such call may be made"
    if code == -signal.SIGALRM:
        return "broken", f"it did not end within {_SECONDS} seconds"
    return "broken", f"it ended without a word ({code})"
