"""What comes from outside is verified or Rejected, whatever it is."""

import json
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.domain.errors import Rejected
from swarm.domain.names import PublicKey
from swarm.identity.public_api import LARGEST_EVENT, verify_digest, verify_event
from swarm.testing.identity import a_signer

ANN, BOB = a_signer("ann"), a_signer("bob")
DIGEST = "ab" * 32
EVENT = ANN.sign_event(30_078, "yes", [["subject", DIGEST], ["role", "tester"]], 1_700_000_000)

texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(
    st.integers(0, 65_535),
    texts,
    st.lists(st.lists(texts, min_size=1, max_size=3), max_size=3),
    st.integers(0, 2**53),
)
def test_what_was_signed_is_what_is_read(
    kind: int, content: str, tags: list[list[str]], at: int
) -> None:
    event = verify_event(ANN.sign_event(kind, content, tags, at))
    assert event.public_key == ANN.public_key
    assert (event.kind, event.content, event.created_at) == (kind, content, at)
    assert event.tags == tuple(map(tuple, tags))


@pytest.mark.parametrize(
    ("field", "lie"),
    [
        ("content", "no"),
        ("created_at", 1_700_000_001),
        ("kind", 1),
        ("tags", [["subject", "cd" * 32], ["role", "tester"]]),
        ("pubkey", BOB.public_key),
        ("id", "0" * 64),
        ("sig", "0" * 128),
    ],
)
def test_any_change_to_a_signed_event_is_noticed(field: str, lie: object) -> None:
    forged = json.dumps(json.loads(EVENT) | {field: lie})
    with pytest.raises(Rejected):
        verify_event(forged)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_an_event_or_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        verify_event(text)


@settings(deadline=None)
@given(st.sampled_from(sorted(json.loads(EVENT))), values)
def test_an_event_with_any_value_in_any_field_is_read_or_rejected(key: str, value: object) -> None:
    with suppress(Rejected):
        assert verify_event(json.dumps(json.loads(EVENT) | {key: value})) == verify_event(EVENT)


@settings(deadline=None)
@given(st.integers(0, len(EVENT) - 1), st.characters(codec=None))
def test_an_event_with_any_letter_changed_says_the_same_or_is_rejected(
    place: int, letter: str
) -> None:
    with suppress(Rejected):
        changed = EVENT[:place] + letter + EVENT[place + 1 :]
        assert verify_event(changed) == verify_event(EVENT)


@pytest.mark.parametrize(
    "text",
    ["\ud800", '{"content":"\\ud800"}', "\0", "[" * 60_000, '{"a":' * 10_000, "1" * 60_000],
)
def test_malformed_text_is_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        verify_event(text)


def test_an_event_over_the_limit_is_rejected_unread() -> None:
    large = ANN.sign_event(1, "x" * LARGEST_EVENT, [], 0)
    with pytest.raises(Rejected, match="larger"):
        verify_event(large)
    with pytest.raises(Rejected, match="larger"):
        verify_event("é" * (LARGEST_EVENT // 2 + 1))


@pytest.mark.parametrize(
    ("kind", "tags", "at"),
    [(65_536, [], 0), (-1, [], 0), (1, [[]], 0), (1, [], -1), (1, [], 2**64)],
)
def test_what_no_event_can_hold_is_not_signed(kind: int, tags: list[list[str]], at: int) -> None:
    with pytest.raises(Rejected):
        ANN.sign_event(kind, "", tags, at)


def test_a_text_without_bytes_is_not_signed() -> None:
    with pytest.raises(Rejected):
        ANN.sign_event(1, "\ud800", [], 0)


def test_a_signature_belongs_to_one_key_and_one_digest() -> None:
    signature = ANN.sign_digest(DIGEST)
    assert verify_digest(ANN.public_key, DIGEST, signature)
    assert not verify_digest(BOB.public_key, DIGEST, signature)
    assert not verify_digest(ANN.public_key, "cd" * 32, signature)
    assert not verify_digest(ANN.public_key, DIGEST, BOB.sign_digest(DIGEST))


def test_a_signed_digest_is_no_signed_event() -> None:
    """Else whoever gets a hash signed could have slipped in the id of a ballot."""
    event = json.loads(EVENT)
    event["sig"] = ANN.sign_digest(event["id"])
    with pytest.raises(Rejected):
        verify_event(json.dumps(event))


@settings(deadline=None)
@given(st.text(max_size=130), st.text(max_size=130), st.text(max_size=130))
def test_any_text_is_no_signature(key: str, digest: str, signature: str) -> None:
    assert not verify_digest(PublicKey(key), digest, signature)
    assert not verify_digest(ANN.public_key, DIGEST, signature)
    assert not verify_digest(PublicKey("0" * 64), DIGEST, "0" * 128)


@pytest.mark.parametrize("digest", ["", "AB" * 32, "ab" * 31, DIGEST + "\n"])
def test_only_a_digest_is_signed_as_one(digest: str) -> None:
    with pytest.raises(Rejected, match="not a digest"):
        ANN.sign_digest(digest)


def test_the_library_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, swarm.identity.public_api; sys.exit('nostr_sdk' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
