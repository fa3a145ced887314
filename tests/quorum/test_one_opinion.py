"""Voters that ask the same model count once; and not at all where that model wrote the change."""

import pytest

from swarm.domain.ballots import Choice, Policy, Voter, VoterRole
from swarm.domain.names import Principal
from swarm.quorum.public_api import Tally, one_opinion, tally, verify_certificate
from swarm.testing.ballots import Booth, a_subject

MODEL = "model:fable-1"


def voter(booth: Booth, name: str, family: str) -> Voter:
    role: VoterRole = "tester" if name == "suite" else "reviewer"
    return booth.voter(name, role).model_copy(update={"family": family})


def counted(
    booth: Booth, votes: dict[str, Choice], *, author: str = "local/repair-a", needed: int = 3
) -> Tally:
    families = {"suite": "rules", "static": "rules", "opinion": MODEL, "cases": MODEL}
    voters = {name: voter(booth, name, family) for name, family in families.items()}
    policy = Policy(threshold=needed, testers=1, roster=tuple(voters.values()))
    subject = a_subject(policy)
    ballots = [booth.vote(voters[name], subject, choice) for name, choice in votes.items()]
    return tally(subject, policy, (Principal(author),), ballots, booth.verify)


def test_two_voters_of_one_model_are_one_yes() -> None:
    said = counted(Booth(), {"suite": "yes", "opinion": "yes", "cases": "yes"})
    assert said.blocked_by == ("2 of 3 yes votes",)


def test_a_model_beside_two_others_is_a_third_opinion() -> None:
    assert counted(Booth(), {"suite": "yes", "static": "yes", "opinion": "yes"}).reached


def test_a_model_has_no_opinion_on_what_it_wrote() -> None:
    votes: dict[str, Choice] = {"suite": "yes", "static": "yes", "opinion": "yes"}
    said = counted(Booth(), votes, author=f"local/{MODEL}-claude")
    assert said.blocked_by == ("2 of 3 yes votes",)


def test_another_model_may_judge() -> None:
    votes: dict[str, Choice] = {"suite": "yes", "static": "yes", "opinion": "yes"}
    assert counted(Booth(), votes, author="local/model:fable-10-claude").reached


@pytest.mark.parametrize("author", ["local/repair-a", f"local/{MODEL}-claude"])
def test_its_no_counts_whoever_wrote_it(author: str) -> None:
    votes: dict[str, Choice] = {"suite": "yes", "static": "yes", "opinion": "no"}
    said = counted(Booth(), votes, author=author, needed=2)
    assert said.vetoed
    assert said.sends_back == ("opinion",)


def test_the_certificate_tells_whose_votes_are_one_opinion() -> None:
    booth = Booth()
    votes: dict[str, Choice] = {"suite": "yes", "static": "yes", "opinion": "yes", "cases": "yes"}
    said = counted(booth, votes)
    assert said.certificate is not None
    assert one_opinion(said.certificate) == (("fable-1", ("cases", "opinion")),)
    assert verify_certificate(said.certificate, booth.verify) == ()


def test_one_vote_of_a_model_that_wrote_nothing_needs_no_word() -> None:
    said = counted(Booth(), {"suite": "yes", "static": "yes", "opinion": "yes"})
    assert said.certificate is not None
    assert one_opinion(said.certificate) == ()
