"""What a goal's record holds beside its events: the pull request's text, its change, its evidence.

All of it may have been cleaned away; what is not there is not shown.
"""

from pathlib import Path

from swarm.actors.public_api import Places
from swarm.cli.ending import Proposal
from swarm.cli.isolation import Walls
from swarm.coordination.public_api import GoalState
from swarm.domain.errors import Rejected
from swarm.domain.evidence import Evidence
from swarm.domain.names import Digest, TreeHash
from swarm.journal.public_api import FileBlobs
from swarm.repository.public_api import Mirror


def body_of(places: Places, state: GoalState) -> str:
    if state.intended is None:
        return ""
    data = _blob(places, state.intended.body)
    return data.decode("utf-8", "replace") if data is not None else ""


def proposal_of(places: Places, state: GoalState) -> Proposal | None:
    """None for a goal that proposes nothing."""
    if state.intended is None:
        return None
    counts, patch = change_of(places, state, state.intended.tree)
    return Proposal(state.intended.title, body_of(places, state), counts, patch)


def change_of(
    places: Places, state: GoalState, tree: TreeHash
) -> tuple[tuple[tuple[str, int, int], ...], str]:
    """Lines added and removed by path, and the patch, from the mirror."""
    folder = places.mirror_of(state.goal.repository)
    if not folder.is_dir():
        return (), ""
    mirror = Mirror.open(folder, Path(state.goal.repository))
    base = state.goal.base_tree
    try:
        counts = mirror.numstat(base, tree)
        patch = mirror.patch(base, tree)
    except Rejected:
        return (), ""
    return tuple((each.path, each.added or 0, each.removed or 0) for each in counts), patch


def walls_of(places: Places, state: GoalState) -> Walls:
    """What the goal's evidence was executed in; before there is any, what was asked for."""
    for attempt in state.attempts.values():
        if attempt.report is not None:
            data = _blob(places, attempt.report.evidence)
            if data is not None:
                evidence = Evidence.model_validate_json(data)
                return Walls(evidence.sandbox_mode, evidence.limits)
    return Walls("namespaces" if state.goal.sandbox == "isolated" else state.goal.sandbox)


def _blob(places: Places, digest: Digest) -> bytes | None:
    blobs = FileBlobs(places.blobs)
    return blobs.get(digest) if blobs.has(digest) else None
