"""A certificate is checked again by whoever has it."""

import base64
import json

import pytest

from swarm.domain.ballots import Certificate, Policy
from swarm.domain.errors import Rejected
from swarm.domain.names import Principal
from swarm.quorum.public_api import export_dsse, read_dsse, tally, verify_certificate
from swarm.testing.ballots import Booth, a_subject

BOOTH = Booth()
SUITE, LINT = BOOTH.voter("suite", "tester"), BOOTH.voter("lint")
POLICY = Policy(threshold=2, testers=1, roster=(SUITE, LINT))
SUBJECT = a_subject(POLICY)


@pytest.fixture
def certificate() -> Certificate:
    ballots = [BOOTH.vote(voter, SUBJECT, "yes") for voter in (SUITE, LINT)]
    result = tally(SUBJECT, POLICY, (Principal("writer"),), ballots, BOOTH.verify)
    assert result.certificate is not None
    return result.certificate


def problems(certificate: Certificate, **changes: object) -> tuple[str, ...]:
    return verify_certificate(certificate.model_copy(update=changes), BOOTH.verify)


def test_a_true_certificate_holds(certificate: Certificate) -> None:
    assert problems(certificate) == ()


def test_it_holds_for_no_other_tree(certificate: Certificate) -> None:
    other = a_subject(POLICY, tree="8" * 40)
    assert "0 of 2 yes votes" in problems(certificate, subject=other)
    assert verify_certificate(certificate, BOOTH.verify, expected=other) == (
        "it is about another subject than expected",
    )


def test_a_weaker_policy_cannot_be_slipped_in(certificate: Certificate) -> None:
    weaker = POLICY.model_copy(update={"threshold": 1})
    assert problems(certificate, policy=weaker) == ("the subject was written for another policy",)


def test_it_needs_its_ballots(certificate: Certificate) -> None:
    assert "1 of 2 yes votes" in problems(certificate, ballots=certificate.ballots[:1])


def test_an_author_cannot_be_left_out_after_the_fact(certificate: Certificate) -> None:
    assert problems(certificate, authors=()) != ()
    assert problems(certificate, authors=(LINT.principal,)) != ()


def test_a_ballot_may_not_be_there_twice(certificate: Certificate) -> None:
    twice = (*certificate.ballots, certificate.ballots[0])
    assert problems(certificate, ballots=twice) != ()


def test_keys_that_are_not_pinned_are_named(certificate: Certificate) -> None:
    found = verify_certificate(certificate, BOOTH.verify, pinned={SUITE.public_key})
    assert found == ("the key of lint is not a known one",)


def test_somebody_elses_booth_does_not_accept_the_signatures(certificate: Certificate) -> None:
    assert verify_certificate(certificate, Booth().verify) != ()


def test_the_envelope_is_an_in_toto_statement_about_the_tree(certificate: Certificate) -> None:
    envelope = json.loads(export_dsse(certificate))
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"][0]["digest"] == {"gitTree": SUBJECT.tree}
    assert {each["keyid"] for each in envelope["signatures"]} == {SUITE.public_key, LINT.public_key}
    ballot = BOOTH.verify(base64.b64decode(envelope["signatures"][0]["sig"]).decode())
    assert ballot.public_key == envelope["signatures"][0]["keyid"]


def test_the_envelope_gives_the_certificate_back(certificate: Certificate) -> None:
    assert read_dsse(export_dsse(certificate)) == certificate


@pytest.mark.parametrize("bad", [b"", b"{}", b"[]", b'{"payload":"e30="}', b"\xff"])
def test_other_envelopes_are_rejected(bad: bytes) -> None:
    with pytest.raises(Rejected, match="not a certificate"):
        read_dsse(bad)


def test_an_envelope_with_other_signatures_is_rejected(certificate: Certificate) -> None:
    envelope = json.loads(export_dsse(certificate))
    envelope["signatures"].pop()
    with pytest.raises(Rejected, match="do not agree"):
        read_dsse(json.dumps(envelope).encode())
