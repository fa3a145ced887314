"""Checking a certificate again, by whoever has it, without trusting who wrote it.

A certificate carries its own roster, so by itself it proves no more than that somebody's keys agree. Pin
the keys, or the subject, that you expect. It cannot show ballots that were left out: those are in the
journal that the ballots were counted from.
"""

from collections.abc import Collection, Iterator, Mapping

from swarm.domain.ballots import Certificate, Subject
from swarm.domain.errors import Rejected
from swarm.domain.evidence import Evidence
from swarm.domain.names import Digest, PublicKey
from swarm.quorum.ballots import Verify
from swarm.quorum.tallying import Tally, tally


def verify_certificate(
    certificate: Certificate,
    verify: Verify,
    *,
    expected: Subject | None = None,
    pinned: Collection[PublicKey] | None = None,
    evidence: Mapping[Digest, Evidence] | None = None,
) -> tuple[str, ...]:
    """What is wrong with it; empty when it holds.

    `expected` is the subject that it has to be about, `pinned` the keys that its roster may name.
    """
    return tuple(_problems(certificate, verify, expected, pinned, evidence))


def _problems(
    certificate: Certificate,
    verify: Verify,
    expected: Subject | None,
    pinned: Collection[PublicKey] | None,
    evidence: Mapping[Digest, Evidence] | None,
) -> Iterator[str]:
    if expected is not None and expected != certificate.subject:
        yield "it is about another subject than expected"
    if pinned is not None:
        for voter in certificate.policy.roster:
            if voter.public_key not in pinned:
                yield f"the key of {voter.agent_id} is not a known one"
    if not certificate.authors:
        yield "it names no author, so nobody was kept from voting on their own work"
    try:
        again = tally(
            certificate.subject,
            certificate.policy,
            certificate.authors,
            certificate.ballots,
            verify,
            evidence=evidence,
        )
    except Rejected as error:
        yield str(error)
    else:
        yield from _differences(certificate, again)


def _differences(certificate: Certificate, again: Tally) -> Iterator[str]:
    yield from again.blocked_by
    for each in again.ignored:
        yield f"a ballot of {each.voter} does not count: {each.reason}"
    if again.certificate is not None and again.certificate != certificate:
        yield "it holds ballots that its tally does not need in this form"
