"""What stands between a mistake and the default branch. Questions only.

A token that may push may also merge, on GitHub: the two cannot be granted apart. So what holds is the
repository's own rules, and they are looked at before anything is pushed. And what is pushed to a branch
of the same repository is run by its CI, with its secrets: workflows that would do so are named.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass

from swarm.domain.errors import NeedsHuman, Rejected
from swarm.forge.github.intake import place_of
from swarm.forge.github.reading import Place, Who
from swarm.forge.github.rights import me
from swarm.forge.github.wire import Missing, Query, Wire

WORKFLOWS = ".github/workflows"
_TRIGGERS = re.compile(r"\b(push|pull_request|pull_request_target|workflow_run|create)\b")
_SECRETS = re.compile(r"\bsecrets\s*(?:\.\s*(?!GITHUB_TOKEN\b)|\[|:\s*inherit)")
_WRITES = re.compile(r"^\s*permissions:\s*write-all|^\s*[\w-]+:\s*write\b", re.MULTILINE)
_MOST_WORKFLOWS = 50


@dataclass(frozen=True, slots=True)
class Safeguard:
    what: str
    found: str
    ok: bool
    remedy: str = ""
    needed: bool = True
    """`swarm serve` refuses without it; a hint when false."""


async def safeguards(wire: Wire, repository: str) -> tuple[Safeguard, ...]:
    """Raises NeedsHuman for a repository that cannot be reached."""
    place = await place_of(wire, repository)
    ours = await me(wire)
    rules = await _rules(wire, place)
    return (
        _access(place, ours),
        *rules,
        _bypass(place),
        *await _workflows(wire, place),
    )


def _access(place: Place, ours: Who) -> Safeguard:
    ok = place.permissions.get("push", False)
    found = f"{ours.login} may {'write' if ok else 'only read'}"
    return Safeguard(
        "token", found, ok, "give it: contents, pull requests, issues, statuses: write"
    )


def _bypass(place: Place) -> Safeguard:
    admin = place.permissions.get("admin", False)
    found = "an administrator's: it may be let past rules" if admin else "no administrator's"
    remedy = "use an App or a token of an account that is no administrator"
    return Safeguard("bypass", found, not admin, remedy)


async def _rules(wire: Wire, place: Place) -> tuple[Safeguard, ...]:
    at: Query = {"repository": place.full_name, "branch": place.default_branch}
    branch = await wire.ask("branch", at)
    protected = isinstance(branch, dict) and branch.get("protected") is True
    listed = await _rules_listed(wire, at)
    protected = protected or any(rule.get("type") == "pull_request" for rule in listed)
    remedy = f"protect {place.default_branch}: require a pull request with one approval"
    found = "protected" if protected else "anybody who may write can push to it, and merge"
    row = Safeguard(f"branch {place.default_branch}", found, protected, remedy)
    return (
        (row, _reviews(await _reviews_required(wire, at, listed), remedy)) if protected else (row,)
    )


def _reviews(count: int | None, remedy: str) -> Safeguard:
    if count is None:
        told = "cannot be seen with this token; look at it yourself"
        return Safeguard("reviews", told, ok=False, remedy=remedy, needed=False)
    return Safeguard("reviews", f"{count} required", count >= 1, remedy)


async def _rules_listed(wire: Wire, at: Query) -> list[dict[str, object]]:
    try:
        listed = await wire.everything("rules", at)
    except Missing:
        return []
    return [each for each in listed if isinstance(each, dict)]


async def _reviews_required(
    wire: Wire, at: Query, listed: Iterable[dict[str, object]]
) -> int | None:
    """None: we are not to know."""
    counts = [
        _count(rule.get("parameters")) for rule in listed if rule.get("type") == "pull_request"
    ]
    if counts:
        return max(counts)
    try:
        told = await wire.ask("protection", at)
    except (Missing, NeedsHuman):
        return None
    return _count(told.get("required_pull_request_reviews")) if isinstance(told, dict) else None


def _count(value: object) -> int:
    count = value.get("required_approving_review_count") if isinstance(value, dict) else 0
    return count if isinstance(count, int) else 0


# Workflows --------------------------------------------------------------------------------------


async def _workflows(wire: Wire, place: Place) -> tuple[Safeguard, ...]:
    at: Query = {"repository": place.full_name, "path": WORKFLOWS}
    try:
        listed = await wire.ask("contents", at)
    except Missing:
        return (Safeguard("workflows", "none", ok=True),)
    names = [str(each.get("path")) for each in listed if isinstance(each, dict)]
    names = [name for name in names if name.endswith((".yml", ".yaml"))]
    rows = []
    for name in names[:_MOST_WORKFLOWS]:
        why = exposed(await _text(wire, {**at, "path": name}))
        if why:
            remedy = "keep its secrets behind an environment with approval, or from swarm/**"
            rows.append(
                Safeguard(f"workflow {name.rsplit('/', 1)[1]}", why, ok=False, remedy=remedy)
            )
    if len(names) > _MOST_WORKFLOWS:
        rows.append(Safeguard("workflows", f"{len(names)}: too many to read", ok=False))
    return tuple(rows) or (Safeguard("workflows", f"{len(names)}, none with secrets", ok=True),)


async def _text(wire: Wire, at: Query) -> str:
    answer = await wire.ask("contents", at)
    content = answer.get("content", "") if isinstance(answer, dict) else ""
    try:
        return base64.b64decode(str(content)).decode("utf-8", "replace")
    except ValueError as error:
        raise Rejected(f"{at['path']} cannot be read") from error


def exposed(workflow: str) -> str:
    """Why a pushed branch would run code with more than it should have; empty = it would not.

    Read as text, on the safe side: YAML has too many ways to say the same.
    """
    head = workflow.split("\njobs:", 1)[0]
    triggers = sorted(set(_TRIGGERS.findall(head)))
    if not triggers:
        return ""
    reach = []
    if _SECRETS.search(workflow):
        reach.append("secrets")
    if _WRITES.search(workflow):
        reach.append("a token that writes")
    return f"runs on {', '.join(triggers)} with {' and '.join(reach)}" if reach else ""
