"""The rule with the keys that swarm really uses."""

from swarm.domain.ballots import Policy, Voter
from swarm.domain.names import AgentId, Digest, Principal
from swarm.identity.public_api import Signer, verify_event
from swarm.quorum.public_api import cast, read_ballot, tally, verify_certificate
from swarm.testing.ballots import a_subject


def test_nostr_ballots_reach_a_quorum_that_can_be_checked_again() -> None:
    signers = {"suite": Signer("1" * 64), "lint": Signer("2" * 64)}
    roster = tuple(
        Voter(
            agent_id=AgentId(name),
            principal=Principal(f"local/{name}"),
            role="tester" if name == "suite" else "reviewer",
            family=name,
            public_key=signer.public_key,
        )
        for name, signer in signers.items()
    )
    policy = Policy(threshold=2, testers=1, roster=roster)
    subject = a_subject(policy)
    ballots = []
    for voter in roster:
        draft = cast(voter.agent_id, voter.role, subject.hash, "yes", Digest("e" * 64))
        event = signers[voter.agent_id].sign_event(draft.kind, draft.content, draft.tags, 1)
        ballots.append(read_ballot(event, verify_event))
    result = tally(subject, policy, (Principal("writer"),), ballots, verify_event)
    assert result.certificate is not None
    assert verify_certificate(result.certificate, verify_event, expected=subject) == ()
