"""What is signed, and what is refused when it is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.errors import Rejected
from swarm.domain.names import AgentId, Digest
from swarm.quorum.public_api import BALLOT_KIND, Draft, cast, read_ballot
from swarm.testing.ballots import Booth

SUBJECT, EVIDENCE = Digest("5" * 64), Digest("e" * 64)
BOOTH = Booth()


def test_a_ballot_reads_back_as_it_was_cast() -> None:
    draft = cast(AgentId("ann"), "tester", SUBJECT, "no", EVIDENCE)
    ballot = BOOTH.sealed("ann", draft)
    assert (ballot.voter, ballot.role, ballot.choice) == ("ann", "tester", "no")
    assert (ballot.subject, ballot.evidence) == (SUBJECT, EVIDENCE)
    assert ballot.public_key == BOOTH.key("ann")


@given(st.data())
def test_no_changed_character_goes_unnoticed(data: st.DataObject) -> None:
    event = BOOTH.sealed("ann", cast(AgentId("ann"), "tester", SUBJECT, "no", EVIDENCE)).event
    place = data.draw(st.integers(0, len(event) - 1))
    sign = data.draw(st.characters(codec="ascii"))
    changed = event[:place] + sign + event[place + 1 :]
    try:
        ballot = read_ballot(changed, BOOTH.verify)
    except Rejected:
        return
    assert json.loads(changed) == json.loads(event)
    assert ballot.choice == "no"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "yes",
        "[]",
        '{"choice":"yes"}',
        # A second byte form of a valid vote: a space, another order, a repeated key.
        json.dumps({"ballot": "swarm/1", "choice": "yes", "evidence": EVIDENCE, "role": "tester",
                    "subject": SUBJECT, "voter": "ann"}),
        '{"ballot":"swarm/1","choice":"no","choice":"yes","evidence":"","role":"tester",'
        f'"subject":"{SUBJECT}","voter":"ann"}}',
        f'{{"ballot":"swarm/1","choice":"maybe","evidence":"","role":"tester","subject":"{SUBJECT}","voter":"ann"}}',
        f'{{"ballot":"swarm/1","choice":"yes","evidence":"short","role":"tester","subject":"{SUBJECT}","voter":"ann"}}',
    ],
)  # fmt: skip
def test_content_in_any_other_form_is_rejected(content: str) -> None:
    event = BOOTH.sign_event("ann", BALLOT_KIND, content)
    with pytest.raises(Rejected, match="ballot"):
        read_ballot(event, BOOTH.verify)


def test_an_event_of_another_kind_is_no_ballot() -> None:
    draft = cast(AgentId("ann"), "tester", SUBJECT, "yes", EVIDENCE)
    with pytest.raises(Rejected, match="kind 1 is not a ballot"):
        BOOTH.sealed("ann", Draft(1, draft.content, draft.tags))


def test_an_endless_ballot_is_not_even_verified() -> None:
    with pytest.raises(Rejected, match="at most"):
        read_ballot(" " * 10_000, BOOTH.verify)
