"""Checks a goal's record from repository, journal and blobs alone: `swarm verify`.

One changed byte of tree, ballot, evidence or policy is found: trees and evidence are named by their
hashes, ballots are signed over the subject, the subject holds the policy's hash, and the journal is a
chain. With `rerun` the evidence is executed again and must come out byte for byte the same.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from swarm.actors.gate import run_checks, run_claims, workbench_on
from swarm.actors.places import Places
from swarm.coordination.public_api import GoalState, rebuild
from swarm.domain.ballots import Certificate
from swarm.domain.canonical import canonical, digest
from swarm.domain.errors import Rejected, SwarmError
from swarm.domain.evidence import Evidence, EvidenceKind, SuiteRun
from swarm.domain.names import Digest, GoalId, branch_of
from swarm.domain.tasks import CheckSubject
from swarm.identity.public_api import verify_event
from swarm.journal.public_api import FileBlobs, read_only
from swarm.quorum.public_api import verify_certificate
from swarm.repository.public_api import Mirror, read_branch
from swarm.settings.public_api import Settings, load_settings

CLAIMED: frozenset[EvidenceKind] = frozenset({"opinion", "cases"})
"""Evidence for what a model claimed: what it said is not asked again, but the checks by which it wanted to
show it are executed again.
"""


def verify_goal(places: Places, goal_id: GoalId, rerun: bool) -> tuple[str, ...]:
    """What is wrong with the goal's record; empty when it holds. Raises Rejected without a goal."""
    try:
        state = _read(places, goal_id)
    except Rejected as error:
        return (f"the journal: {error}",)
    if state.certificate is None:
        raise Rejected(
            f"goal {goal_id} has no certificate yet ({state.status})",
            advice="verify it when its pull request is open",
        )
    problems = [
        *_certificate_problems(state, state.certificate, places),
        *_publication_problems(state, state.certificate, places),
    ]
    if rerun and not problems:
        problems += asyncio.run(_rerun(places, state, state.certificate))
    return tuple(problems)


def _read(places: Places, goal_id: GoalId) -> GoalState:
    goals = rebuild(record.event for record in read_only(places.journal).read())
    if goal_id not in goals:
        raise Rejected(f"there is no goal {goal_id}", advice="`swarm show` lists the goals")
    return goals[goal_id]


def _certificate_problems(
    state: GoalState, certificate: Certificate, places: Places
) -> Iterator[str]:
    subject, goal = certificate.subject, state.goal
    if subject.contract != digest(canonical(goal)):
        yield "the certificate is for another goal than the journal holds"
    if (subject.goal_id, subject.base) != (goal.goal_id, goal.base):
        yield "the certificate is for another base"
    evidence, broken = _evidence(certificate, places)
    yield from broken
    yield from verify_certificate(certificate, verify_event, evidence=evidence)


def _evidence(certificate: Certificate, places: Places) -> tuple[dict[Digest, Evidence], list[str]]:
    blobs, found, broken = FileBlobs(places.blobs), dict[Digest, Evidence](), list[str]()
    for ballot in certificate.ballots:
        try:
            evidence = Evidence.model_validate_json(blobs.get(ballot.evidence))
        except (Rejected, ValueError) as error:
            broken.append(f"the evidence of {ballot.voter}: {error}")
            continue
        if evidence.hash != ballot.evidence:
            broken.append(f"the evidence of {ballot.voter} does not have the hash that was signed")
        found[ballot.evidence] = evidence
    return found, broken


def _publication_problems(
    state: GoalState, certificate: Certificate, places: Places
) -> Iterator[str]:
    if state.published is None:
        return
    repository, goal_id = Path(state.goal.repository), state.goal.goal_id
    try:
        there = read_branch(repository, branch_of(goal_id))
        mirror = Mirror.open(places.mirror_of(str(repository)), repository)
        tree = mirror.tree_of(state.published.head)
    except SwarmError as error:
        yield f"the branch cannot be read: {error}"
        return
    if tree != certificate.subject.tree:
        yield "the published commit does not have the tree that was voted on"
    if there is None and state.landed == "":
        yield f"the branch {branch_of(goal_id)} is gone"
    if there is not None and there != state.published.head:
        yield f"the branch {branch_of(goal_id)} stands at another commit ({there[:12]})"


async def _rerun(places: Places, state: GoalState, certificate: Certificate) -> list[str]:
    subject = _asked(state, certificate)
    evidence, _ = _evidence(certificate, places)
    settings: Settings = load_settings({"home": str(places.home)}, {})
    assert state.base_run is not None
    base = SuiteRun.model_validate_json(FileBlobs(places.blobs).get(state.base_run))
    mirror = Mirror.open(places.mirror_of(state.goal.repository), Path(state.goal.repository))
    with tempfile.TemporaryDirectory(prefix="swarm-verify-") as folder:
        async with workbench_on(mirror, state.goal, Path(folder), settings) as workbench:
            checked = await run_checks(settings, state.goal, subject, base, state.voided, workbench)
            claims = [
                f"the {each.kind} evidence: {told}"
                for each in evidence.values()
                if each.kind in CLAIMED
                and (
                    told := await run_claims(
                        state.goal, subject, base, state.voided, workbench, each
                    )
                )
            ]
    again = {each.evidence.kind: each.evidence.hash for each in checked}
    return claims + [
        f"executed again, the {each.kind} evidence comes out differently"
        for each in evidence.values()
        if each.kind not in CLAIMED and again.get(each.kind) != each.hash
    ]


def _asked(state: GoalState, certificate: Certificate) -> CheckSubject:
    """The subject as testers and reviewers were given it."""
    subject = certificate.subject
    for task in state.checks_of(None, subject.tree, subject.round):
        if task.contract.subject is not None:
            return task.contract.subject
    raise Rejected("the journal does not hold the checks of the certified round")
