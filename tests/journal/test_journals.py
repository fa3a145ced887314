"""What every journal must do. Each implementation, the double included, passes the same tests."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import Rejected
from swarm.domain.names import Digest
from swarm.journal.public_api import GENESIS, Head, Journal, decode, encode, link, open_journal
from swarm.testing.journal import MemoryJournal
from tests.journal.journal_examples import a_start, an_event


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    opened = MemoryJournal() if request.param == "memory" else open_journal(tmp_path / "journal")
    with closing(opened) as journal:
        yield journal


def test_a_new_journal_is_empty(journal: Journal) -> None:
    assert list(journal.read()) == []
    assert journal.head() == Head(0, Digest(GENESIS.hex()))


def test_events_are_read_back_in_order(journal: Journal) -> None:
    assert journal.append([a_start(), an_event(2)]) == 2
    assert journal.append([an_event(3)]) == 3
    assert [record.event for record in journal.read()] == [a_start(), an_event(2), an_event(3)]
    assert [record.position for record in journal.read()] == [1, 2, 3]


def test_appending_nothing_changes_nothing(journal: Journal) -> None:
    journal.append([an_event()])
    before = journal.head()
    assert journal.append([]) == 1
    assert asyncio.run(journal.append_durably([])) == 1
    assert journal.head() == before


def test_reading_goes_on_behind_a_position(journal: Journal) -> None:
    journal.append([an_event(number) for number in range(1, 6)])
    assert [record.position for record in journal.read(after=3)] == [4, 5]
    assert list(journal.read(after=5)) == []


def test_reading_behind_the_end_is_refused(journal: Journal) -> None:
    journal.append([an_event()])
    with pytest.raises(Rejected, match="no record 2"):
        list(journal.read(after=2))


def test_each_hash_covers_the_one_before(journal: Journal) -> None:
    journal.append([an_event(1), an_event(2)])
    first, second = journal.read()
    assert first.hash == link(GENESIS, 1, encode(an_event(1))).hex()
    assert second.hash == link(bytes.fromhex(first.hash), 2, encode(an_event(2))).hex()
    assert journal.head() == Head(2, second.hash)


def test_the_chain_is_sha256_over_hash_position_and_body() -> None:
    """As written down: another program must be able to check it."""
    assert link(GENESIS, 1, b"") == hashlib.sha256(bytes(39) + b"\1").digest()
    assert (
        link(b"\7" * 32, 258, b"{}") == hashlib.sha256(b"\7" * 32 + bytes(6) + b"\1\2{}").digest()
    )


@pytest.mark.filterwarnings("ignore:Pydantic serializer")  # said before our own refusal
def test_an_event_that_cannot_be_written_takes_its_batch_with_it(journal: Journal) -> None:
    bad = an_event().model_copy(update={"at": 0.5})
    with pytest.raises(ValueError, match="float"):
        journal.append([an_event(), bad])
    assert journal.head().position == 0


def test_simultaneous_appends_each_stay_together(journal: Journal) -> None:
    async def append_all() -> list[int]:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(journal.append_durably([an_event(n), an_event(n)]))
                for n in range(20)
            ]
        return [task.result() for task in tasks]

    positions = asyncio.run(append_all())
    found = [record.event.at for record in journal.read()]
    assert sorted(positions) == list(range(2, 42, 2))
    assert [found[p - 2 : p] for p in positions] == [[n, n] for n in range(20)]


def test_a_cancelled_append_is_whole_and_in_its_place(journal: Journal) -> None:
    async def cancel_one() -> None:
        async with asyncio.timeout(None) as soon:
            soon.reschedule(asyncio.get_running_loop().time())
            await journal.append_durably([an_event(1), an_event(2)])

    with suppress(TimeoutError):
        asyncio.run(cancel_one())
    journal.append([an_event(3)])
    assert [record.event.at for record in journal.read()] == [1, 2, 3]


def test_a_closed_journal_takes_nothing(journal: Journal) -> None:
    journal.close()
    with pytest.raises(Rejected, match="closed"):
        journal.append([an_event()])


@given(st.text(), st.integers())
def test_an_event_survives_its_bytes(text: str, at: int) -> None:
    event = an_event(text=text).model_copy(update={"at": at})
    assert decode(1, encode(event)) == event


def test_the_bytes_of_an_event_are_permanent() -> None:
    """Journals of older versions must be read, and their chains come out the same."""
    body = b'{"at":5,"command_id":"c5","goal_id":"g-7k2m9x","text":"\\u00fc","type":"goal.guided"}'
    assert encode(an_event(5, text="ü")) == body
    assert decode(1, body) == an_event(5, text="ü")


def test_an_event_of_another_version_is_refused_with_its_position() -> None:
    with pytest.raises(Rejected, match="record 7 "):
        decode(7, b'{"type":"moon.landed","at":0}')
