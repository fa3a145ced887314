"""Programs that the journal's tests run in processes of their own, to kill or to starve them.

python -m tests.journal.journal_programs NAME FOLDER
"""

import os
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from swarm.domain.errors import Exhausted
from swarm.journal.public_api import SqliteJournal, open_journal, read_only
from tests.journal.journal_examples import an_event


def say(text: object) -> None:
    os.write(1, f"{text}\n".encode())  # one call, so that threads and a kill leave whole lines


def write_for_ever(folder: Path) -> None:
    """Four threads append batches of three; each acknowledged position is printed."""
    say("opening")
    journal = open_journal(folder)
    say(f"position {journal.head().position}")

    def write(writer: int) -> None:
        for number in count():
            batch = [an_event(number, text=f"{writer}.{part}") for part in range(3)]
            say(f"position {journal.append(batch)}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))


def hold(folder: Path) -> None:
    open_journal(folder)
    say("open")
    sys.stdin.read()


def follow(folder: Path) -> None:
    """At each line of input, print how many records there are."""
    follower = read_only(folder)
    for _ in sys.stdin:
        say(len(list(follower.read())))


def run_out_of_space(folder: Path) -> None:
    """Say what happens to a large batch beyond the limit on file size, and to what follows it."""
    journal = open_journal(folder)
    journal.append([an_event(1)])
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    say(_refusal(journal))
    say(journal.verify().position)
    say(journal.append([an_event(2)]))
    with ThreadPoolExecutor(8) as threads:
        large = [threads.submit(_refusal, journal) for _ in range(4)]
        small = [threads.submit(journal.append, [an_event(3)]) for _ in range(4)]
    say(len({future.result() for future in small} & {3, 4, 5, 6}))
    say(sum("missing" in future.result() for future in large))
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    say(journal.append([an_event(4, text="x" * 1_000_000)]))
    say(journal.verify().position)


def _refusal(journal: SqliteJournal) -> str:
    try:
        return f"appended {journal.append([an_event(number, text='x' * 500_000) for number in (8, 9)])}"
    except Exhausted as error:
        return str(error)


PROGRAMS: dict[str, Callable[[Path], None]] = {
    program.__name__: program for program in (write_for_ever, hold, follow, run_out_of_space)
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](Path(sys.argv[2]))
