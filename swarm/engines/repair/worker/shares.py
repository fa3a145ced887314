"""A round of search on several processors: forked copies of the collected process, a share for each.

Blocks of neighbouring candidates go to the copies in turn, so all of them are about equally far. What they
come to is put together by the candidates' positions: who was first does not show.
"""

from __future__ import annotations

import json
import mmap
import os
import select
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from swarm.engines.repair.worker.tallies import Tally

BLOCK = 25
_SAY_SECONDS = 0.5

Say = Callable[[Tally, int], None]
Work = Callable[[list[int], Say], tuple[Tally, int]]
"""Tries candidates at these indices in turn; the tally, and how many of them are behind."""


class Bound:
    """An index behind which nobody needs to look any more, known to all copies at once."""

    def __init__(self, index: int | None) -> None:
        self._cell = memoryview(mmap.mmap(-1, 8)).cast("q")
        self._cell[0] = -1 if index is None else index

    def lower(self, index: int) -> None:
        known = self.index
        self._cell[0] = index if known is None else min(known, index)

    @property
    def index(self) -> int | None:
        return None if self._cell[0] < 0 else self._cell[0]


def in_shares(
    cores: int, indices: list[int], work: Work, say: Say, block: int = BLOCK
) -> tuple[Tally, int]:
    """The work on all indices, by so many copies; how many are behind without a gap.

    Where each candidate takes long, `block` is one: what is done behind a gap is done again.
    """
    if cores <= 1 or len(indices) <= block:
        return work(indices, say)
    shares = shared_out(len(indices), cores, block)
    copies = [_Copy([indices[place] for place in share], work) for share in shares]
    try:
        _listen(copies, lambda: say(*_together(copies, shares, len(indices))))
    finally:
        for each in copies:
            each.end()
    return _together(copies, shares, len(indices))


def shared_out(count: int, cores: int, block: int = BLOCK) -> list[list[int]]:
    """Places from 0 on, in blocks that are dealt out in turn."""
    return [[k for k in range(count) if k // block % cores == core] for core in range(cores)]


def behind_all(shares: Sequence[Sequence[int]], behind: Sequence[int], count: int) -> int:
    """The first place that is not settled yet, when so many of each share are."""
    first = (share[done] for share, done in zip(shares, behind) if done < len(share))  # noqa: B905
    return min(first, default=count)


def merged(tallies: Sequence[Tally]) -> Tally:
    """All of them as one, in the order of the candidates.

    What passes behind the index at which enough was found would not have been tried in turn.
    """
    enough = [each.enough_at for each in tallies if each.enough_at is not None]
    found = Tally(enough_at=min(enough, default=None))
    for each in tallies:
        found.tried += each.tried
        found.invalid += each.invalid
        found.same += each.same
        found.plausible += each.plausible
        found.slow += each.slow
        found.promising += each.promising
        found.partial += [(index, green) for index, green in each.partial]
        found.seen += each.seen
    if found.enough_at is not None:
        found.plausible = [one for one in found.plausible if one["index"] < found.enough_at]
    found.plausible.sort(key=lambda one: int(one["index"]))
    found.slow.sort()
    found.promising.sort()
    found.partial.sort()
    return found


def _together(
    copies: Sequence[_Copy], shares: Sequence[Sequence[int]], count: int
) -> tuple[Tally, int]:
    behind = behind_all(shares, [each.behind for each in copies], count)
    return merged([each.tally for each in copies]), behind


def _listen(copies: Sequence[_Copy], say: Callable[[], None]) -> None:
    """Until all of them have said their last word."""
    poller = select.poll()
    by_handle = {each.handle: each for each in copies}
    for handle in by_handle:
        poller.register(handle, select.POLLIN)
    said = time.monotonic()
    while by_handle:
        for handle, _ in poller.poll():
            if not by_handle[handle].hear():
                poller.unregister(handle)
                del by_handle[handle]
        if time.monotonic() - said > _SAY_SECONDS:
            said = time.monotonic()
            say()


class _Copy:
    """One forked process, and what it has said so far."""

    def __init__(self, indices: list[int], work: Work) -> None:
        self.tally, self.behind = Tally(), 0
        self._text = b""
        self.handle, told = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self.handle)
            _be_copy(indices, work, told)
        os.close(told)

    def hear(self) -> bool:
        """False when there is nothing more to be heard. Raises RuntimeError when it broke."""
        more = os.read(self.handle, 1 << 20)
        *lines, self._text = (self._text + more).split(b"\n")
        for line in lines[-1:]:
            said = json.loads(line)
            if "crash" in said:
                raise RuntimeError(said["crash"])
            self.tally, self.behind = Tally(**said["tally"]), said["behind"]
        return bool(more)

    def end(self) -> None:
        os.close(self.handle)
        os.waitpid(self._pid, 0)


def _be_copy(indices: list[int], work: Work, told: int) -> None:
    def write(said: dict[str, Any]) -> None:
        data = json.dumps(said).encode() + b"\n"
        while data:
            data = data[os.write(told, data) :]

    def tell(tally: Tally, behind: int) -> None:
        write({"tally": asdict(tally), "behind": behind})

    try:
        tell(*work(indices, tell))
    except BaseException:  # noqa: BLE001 - told to the parent, which raises it
        write({"crash": traceback.format_exc()})
    finally:
        os._exit(0)
