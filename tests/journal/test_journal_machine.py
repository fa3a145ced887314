"""Whatever is done to a journal, it holds what was appended, and a restart changes nothing."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from swarm.domain.events import Event
from swarm.journal.public_api import open_journal, read_only
from swarm.testing.journal import MemoryJournal
from tests.journal.journal_examples import an_event

batches = st.lists(st.text(max_size=3).map(lambda text: an_event(text=text)), max_size=3)


class Journals(RuleBasedStateMachine):
    """The real journal beside the double."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        self.folder = Path(self.place.name)
        self.real = open_journal(self.folder)
        self.model = MemoryJournal()

    def teardown(self) -> None:
        self.real.close()
        self.place.cleanup()

    @rule(events=batches)
    def append(self, events: list[Event]) -> None:
        assert self.real.append(events) == self.model.append(events)

    @rule()
    def reopen(self) -> None:
        before = self.real.epoch
        self.real.close()
        self.real = open_journal(self.folder, wait_seconds=0)
        assert self.real.epoch == before + 1

    @precondition(lambda self: self.model.head().position > 0)
    @rule(share=st.integers(0, 3))
    def read_from_the_middle(self, share: int) -> None:
        after = self.model.head().position * share // 3
        assert list(self.real.read(after)) == list(self.model.read(after))

    @invariant()
    def both_hold_the_same(self) -> None:
        assert self.real.head() == self.model.head() == self.real.verify()
        assert list(self.real.read()) == list(self.model.read())

    @invariant()
    def followers_see_the_same(self) -> None:
        follower = read_only(self.folder)
        assert list(follower.read()) == list(self.model.read())
        follower.close()


Journals.TestCase.settings = settings(max_examples=8, stateful_step_count=8, deadline=None)
TestJournals = Journals.TestCase


@pytest.mark.thorough
def test_no_longer_life_of_a_journal_differs_from_the_model() -> None:
    run_state_machine_as_test(
        Journals, settings=settings(max_examples=60, stateful_step_count=15, deadline=None)
    )
