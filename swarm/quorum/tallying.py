"""The rule: enough yes votes of distinct principals, enough of them by testers, and nobody with a veto.

* Who may vote is the policy's roster; key, agent and role must be the ones written there. Authors do not
  vote on their own work. A principal has one vote, however many keys it has; where its keys disagree, the
  more cautious choice is its vote.
* Voters that ask the same model are one opinion: their yes counts as one, and as none where the same model
  wrote the change. Their no counts as everybody's.
* Whoever signs two choices over one subject loses the vote and is named. A *no* among them still vetoes:
  otherwise a key that falls into wrong hands could take back an honest veto.
* A tester's no is a veto, with or without evidence. A reviewer's no with executed evidence sends the work
  back. A human's no, or `human_veto`, is final.
* Given the evidence itself, a yes counts only if its evidence was executed on exactly the subject's base
  and tree and says yes too, and if it passes over no protected place that the policy does not grant. A no
  stands in any case, but sends back only with such evidence. Without the evidence, its hash is taken on
  trust.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from swarm.domain.ballots import (
    MODEL,
    Ballot,
    Certificate,
    Choice,
    Policy,
    Subject,
    Voter,
    is_model,
)
from swarm.domain.errors import Rejected
from swarm.domain.evidence import Evidence
from swarm.domain.frozen import Frozen
from swarm.domain.grants import GRANTED, Grant, is_granted
from swarm.domain.names import AgentId, Digest, Principal
from swarm.quorum.ballots import Verify, read_ballot

_SAYS: Mapping[Choice, str] = {"yes": "yes", "no": "no", "abstain": "unknown"}
_CAUTION: tuple[Choice, ...] = ("no", "abstain", "yes")


class Ignored(Frozen):
    """A ballot that did not count, by whom it claims to be, and why."""

    voter: AgentId
    event: str
    reason: str


class Tally(Frozen):
    """Principals are sorted; every ballot handed in is counted or ignored."""

    reached: bool
    certificate: Certificate | None
    yes: tuple[Principal, ...]
    no: tuple[Principal, ...]
    abstained: tuple[Principal, ...]
    equivocators: tuple[Principal, ...]
    sends_back: tuple[AgentId, ...]
    """Whose no comes with executed evidence that the author can act on."""

    blocked_by: tuple[str, ...]
    """Vetoes first; then what is missing. Empty when reached."""

    vetoed: bool
    """More ballots will not help; only a new tree, or a human."""

    ignored: tuple[Ignored, ...]


@dataclass(frozen=True, slots=True)
class _Admitted:
    ballot: Ballot
    shown: bool
    """With executed evidence for its choice."""


@dataclass(frozen=True, slots=True)
class _Vote:
    """One principal's vote, and the ballot that stands for it."""

    voter: Voter
    choice: Choice
    ballot: Ballot
    equivocates: bool
    said_no: bool
    """Signed a no, whether or not the vote was lost."""

    shown: bool


def tally(
    subject: Subject,
    policy: Policy,
    authors: Collection[Principal],
    ballots: Iterable[Ballot],
    verify: Verify,
    human_veto: bool = False,
    evidence: Mapping[Digest, Evidence] | None = None,
) -> Tally:
    """Count. Raises Rejected when the subject names another policy, or the roster contradicts itself."""
    voters = _roster(subject, policy)
    admitted, ignored = _admit(subject, voters, policy.grants, authors, ballots, verify, evidence)
    votes = _votes(admitted, voters)
    vetoes = tuple(_vetoes(votes, human_veto=human_veto))
    missing = tuple(_missing(votes, policy, authors))
    reached = not vetoes and not missing
    return Tally(
        reached=reached,
        certificate=_certificate(subject, policy, authors, votes) if reached else None,
        yes=_who(votes, "yes"),
        no=_who(votes, "no"),
        abstained=_who(votes, "abstain"),
        equivocators=tuple(vote.voter.principal for vote in votes if vote.equivocates),
        sends_back=tuple(vote.ballot.voter for vote in votes if vote.said_no and vote.shown),
        blocked_by=(*vetoes, *missing),
        vetoed=bool(vetoes),
        ignored=tuple(sorted(ignored, key=lambda each: (each.voter, each.event, each.reason))),
    )


def _roster(subject: Subject, policy: Policy) -> dict[str, Voter]:
    """Voters by public key."""
    if subject.policy != policy.hash:
        raise Rejected("the subject was written for another policy")
    roles: dict[Principal, str] = {}
    for voter in policy.roster:
        if roles.setdefault(voter.principal, voter.role) != voter.role:
            raise Rejected(f"{voter.principal} stands in the roster with two roles")
    voters: dict[str, Voter] = {voter.public_key: voter for voter in policy.roster}
    agents = {voter.agent_id for voter in policy.roster}
    if not len(voters) == len(agents) == len(policy.roster):
        raise Rejected("a key or an agent stands in the roster twice")
    return voters


def _admit(
    subject: Subject,
    voters: Mapping[str, Voter],
    grants: tuple[Grant, ...],
    authors: Collection[Principal],
    ballots: Iterable[Ballot],
    verify: Verify,
    evidence: Mapping[Digest, Evidence] | None,
) -> tuple[list[_Admitted], list[Ignored]]:
    """Sort the ballots, each once, into those that count and those that do not."""
    admitted, ignored = [], []
    for ballot in sorted(set(ballots), key=_fixed_order):
        doubt = _doubt(ballot, subject, grants, evidence)
        reason = _unsigned(ballot, verify) or _ineligible(ballot, subject, voters, authors)
        if not reason and ballot.choice == "yes":
            reason = doubt
        if reason:
            ignored.append(Ignored(voter=ballot.voter, event=ballot.event, reason=reason))
        else:
            admitted.append(_Admitted(ballot, shown=bool(ballot.evidence) and not doubt))
    return admitted, ignored


def _fixed_order(ballot: Ballot) -> tuple[str, ...]:
    return (
        ballot.event,
        ballot.public_key,
        ballot.voter,
        ballot.choice,
        ballot.role,
        ballot.subject,
    )


def _unsigned(ballot: Ballot, verify: Verify) -> str:
    try:
        signed = read_ballot(ballot.event, verify)
    except Rejected as error:
        return f"not a valid ballot: {error}"
    return "" if signed == ballot else "it does not say what was signed"


def _ineligible(
    ballot: Ballot, subject: Subject, voters: Mapping[str, Voter], authors: Collection[Principal]
) -> str:
    voter = voters.get(ballot.public_key)
    if voter is None:
        return "its key is not in the roster"
    if ballot.subject != subject.hash:
        return "it is about another subject"
    if (ballot.voter, ballot.role) != (voter.agent_id, voter.role):
        return f"its key belongs to {voter.agent_id} ({voter.role})"
    if voter.principal in authors:
        return f"{voter.principal} is an author"
    return ""


def _doubt(
    ballot: Ballot,
    subject: Subject,
    grants: tuple[Grant, ...],
    evidence: Mapping[Digest, Evidence] | None,
) -> str:
    """Why its evidence does not show what it says; empty when there is none, or none to compare."""
    if ballot.role == "human" or evidence is None or not ballot.evidence:
        return ""
    shown = evidence.get(ballot.evidence)
    if shown is None or shown.hash != ballot.evidence:
        return "its evidence is not at hand"
    if (shown.base, shown.tree) != (subject.base, subject.tree):
        return "its evidence is about another tree"
    if shown.verdict != _SAYS[ballot.choice]:
        return f"its evidence says {shown.verdict}"
    if ballot.role == "tester" and shown.kind == "static":
        return "its evidence ran no test"
    passed = (each.path for each in shown.findings if each.rule == GRANTED)
    beyond = [path for path in passed if not is_granted(path, grants)]
    return f"its evidence lets {beyond[0]} pass, which nobody granted" if beyond else ""


def _votes(admitted: Sequence[_Admitted], voters: Mapping[str, Voter]) -> tuple[_Vote, ...]:
    """One a principal, sorted by principal."""
    by_principal: dict[Principal, list[_Admitted]] = {}
    for each in admitted:
        by_principal.setdefault(voters[each.ballot.public_key].principal, []).append(each)
    return tuple(_vote(ballots, voters) for _, ballots in sorted(by_principal.items()))


def _vote(admitted: Sequence[_Admitted], voters: Mapping[str, Voter]) -> _Vote:
    """They come in a fixed order, so that the same ballot always stands for the vote."""
    best = min(admitted, key=lambda each: (_CAUTION.index(each.ballot.choice), not each.shown))
    signed = {(each.ballot.public_key, each.ballot.choice) for each in admitted}
    return _Vote(
        voter=voters[best.ballot.public_key],
        choice=best.ballot.choice,
        ballot=best.ballot,
        equivocates=len(signed) > len({key for key, _ in signed}),
        said_no=best.ballot.choice == "no",
        shown=best.shown,
    )


def _counts(vote: _Vote, choice: Choice) -> bool:
    return vote.choice == choice and not vote.equivocates


def _who(votes: Sequence[_Vote], choice: Choice) -> tuple[Principal, ...]:
    return tuple(vote.voter.principal for vote in votes if _counts(vote, choice))


def _vetoes(votes: Sequence[_Vote], *, human_veto: bool) -> Iterator[str]:
    if human_veto:
        yield "a human vetoed"
    for vote in votes:
        if not vote.said_no:
            continue
        if vote.voter.role == "human":
            yield f"{vote.voter.principal}, a human, said no"
        elif vote.voter.role == "tester":
            yield f"{vote.voter.principal}, a tester, said no"
        elif vote.shown:  # a reviewer's
            yield f"{vote.voter.principal} sends it back with evidence"


def _missing(
    votes: Sequence[_Vote], policy: Policy, authors: Collection[Principal]
) -> Iterator[str]:
    yes = [vote for vote in votes if _counts(vote, "yes")]
    opinions = {opinion for vote in yes if (opinion := opinion_of(vote.voter, authors))}
    testers = [vote for vote in yes if vote.voter.role == "tester" and vote.shown]
    if len(opinions) < policy.threshold:
        yield f"{len(opinions)} of {policy.threshold} yes votes"
    if len(testers) < policy.testers:
        yield f"{len(testers)} of {policy.testers} testers' yes votes with evidence"


def opinion_of(voter: Voter, authors: Collection[Principal]) -> str:
    """Whose opinion a vote is: its principal's, or its model's; empty where that wrote the change."""
    if not is_model(voter.family):
        return voter.principal
    return "" if any(_wrote(voter.family, author) for author in authors) else voter.family


def _wrote(family: str, author: Principal) -> bool:
    """A writer's principal is its family with its strategy."""
    return author.partition("/")[2].startswith(f"{family}-")


def one_opinion(certificate: Certificate) -> tuple[tuple[str, tuple[AgentId, ...]], ...]:
    """Each model that asked for more than one vote or also wrote the change, and who voted with it."""
    cast = {ballot.voter for ballot in certificate.ballots}
    by_family: dict[str, list[Voter]] = {}
    for voter in certificate.policy.roster:
        if is_model(voter.family) and voter.agent_id in cast:
            by_family.setdefault(voter.family, []).append(voter)
    return tuple(
        (family.removeprefix(MODEL), tuple(sorted(each.agent_id for each in voters)))
        for family, voters in sorted(by_family.items())
        if len(voters) > 1 or not opinion_of(voters[0], certificate.authors)
    )


def _certificate(
    subject: Subject, policy: Policy, authors: Collection[Principal], votes: Sequence[_Vote]
) -> Certificate:
    """With every vote that was counted, not just the ones in favour."""
    return Certificate(
        subject=subject,
        policy=policy,
        authors=tuple(sorted(set(authors))),
        ballots=tuple(vote.ballot for vote in votes if not vote.equivocates),
    )
