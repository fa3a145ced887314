"""Calls of the C library's, one after the other, in a child that borrows our memory until it becomes
another program.

To copy an interpreter's memory for a child (`fork`), only to throw the copy away when the child
becomes `true`, takes longer than `true`. A child that shares it (`vfork`, which is a `clone` with two
flags) costs no copy, but cannot run Python: there is one interpreter, and it is the parent's. So what
the child has to do is laid out before: each call with its arguments is a context (makecontext(3)) on a
small stack of its own, linked to the next; the child begins with the first and goes from link to link.
Most calls are the same each time: those stay laid out, and only what was used up of them is put back.

Nobody may be there who could stop the child, because we stand still as long as it borrows. Where the
C library has no contexts (musl) there is no chain.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import ctypes
import errno
import mmap
import os
import signal
from collections.abc import Sequence

_STACK_BYTES = 14 << 10
"""Ends in the middle of a page, where the context begins: one page is used, mostly, instead of two."""

_SIZE = 24 << 10
"""Of a stack and a context: more than any `ucontext_t` takes besides."""

_USED_BYTES = 256
"""At the beginning of its stack: where a context returns to. Nothing else of it is changed by its use."""

_LINK, _STACK, _STACK_SIZE = 1, 2, 4
"""Words of a `ucontext_t`; the same on all machines of 64 bits."""

_CLONE_VM, _CLONE_VFORK = 0x100, 0x4000
_BECOMING = 2
"""Of the calls, the last: to become a program, or to end."""

# PyDLL keeps the interpreter's lock during a call, which the child must find in its hands.
_LIBC = ctypes.PyDLL(None, use_errno=True)
_EVERY_SIGNAL = ctypes.create_string_buffer(b"\xff" * 128, 128)

Call = tuple[str, tuple[int, ...]]
"""The name of a function, and its arguments: numbers and addresses."""


class Chain:
    """Room for so many calls, used over and over."""

    def __init__(self, calls: int) -> None:
        """Raises OSError where there are no contexts."""
        if not hasattr(_LIBC, "makecontext"):
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), "makecontext")
        self._memory = mmap.mmap(-1, _SIZE * (calls + 1))
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._memory)) + _STACK_BYTES
        self._contexts = [start + number * _SIZE for number in range(calls + 1)]
        self._laid_out: list[tuple[Call, bytes]] = []
        """With how each stack begins."""

    def run(self, calls: Sequence[Call]) -> int:
        """A child that does all of them. The last but one turns it into a program, and the last ends
        it when that fails. Returns its process id; raises OSError when there can be none.

        `ctypes.get_errno()` then tells whether one of the calls has failed: 0 if none.
        """
        before = ctypes.create_string_buffer(128)
        _LIBC.sigprocmask(signal.SIG_BLOCK, _EVERY_SIGNAL, before)
        try:
            if len(calls) != len(self._laid_out):
                self._laid_out = [(("", ()), b"")] * len(calls)
            for number, call in enumerate(calls):
                if self._laid_out[number][0] == call:
                    self._put_back(number)
                    continue
                becoming = number >= len(calls) - _BECOMING
                if becoming:  # who becomes a program blocks nothing
                    _LIBC.sigprocmask(signal.SIG_UNBLOCK, _EVERY_SIGNAL, None)
                self._lay_out(number, call, last=number == len(calls) - 1)
                if becoming:
                    _LIBC.sigprocmask(signal.SIG_BLOCK, _EVERY_SIGNAL, None)
            return self._begin()
        finally:
            _LIBC.sigprocmask(signal.SIG_SETMASK, before, None)

    def _lay_out(self, number: int, call: Call, *, last: bool) -> None:
        name, arguments = call
        context = self._contexts[number]
        _LIBC.getcontext(ctypes.c_void_p(context))
        words = (ctypes.c_size_t * (_STACK_SIZE + 1)).from_address(context)
        words[_LINK] = 0 if last else self._contexts[number + 1]
        words[_STACK] = context - _STACK_BYTES
        words[_STACK_SIZE] = _STACK_BYTES
        given = (ctypes.c_long(each) for each in arguments)
        _LIBC.makecontext(ctypes.c_void_p(context), _LIBC[name], len(arguments), *given)
        end = number * _SIZE + _STACK_BYTES
        self._laid_out[number] = call, self._memory[end - _USED_BYTES : end]

    def _put_back(self, number: int) -> None:
        end = number * _SIZE + _STACK_BYTES
        self._memory[end - _USED_BYTES : end] = self._laid_out[number][1]

    def _begin(self) -> int:
        top = self._contexts[-1]
        flags = _CLONE_VM | _CLONE_VFORK | signal.SIGCHLD
        ctypes.set_errno(0)
        pid = int(
            _LIBC.clone(
                _LIBC.setcontext, ctypes.c_void_p(top), flags, ctypes.c_void_p(self._contexts[0])
            )
        )
        if pid < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), "clone")
        return pid
