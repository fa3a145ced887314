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
from swarm.forge.github.calls import CALLS, Name
from swarm.forge.github.intake import place_of
from swarm.forge.github.reading import Place, Who
from swarm.forge.github.rights import me
from swarm.forge.github.wire import Missing, Query, Wire

WORKFLOWS = ".github/workflows"
_TRIGGERS = re.compile(r"\b(push|pull_request|pull_request_target|workflow_run|create)\b")
_PUSH = re.compile(
    r"^(?P<by>[ \t]+)push:[ \t]*(?:#.*)?\n(?P<what>(?:(?P=by)[ \t]+\S.*\n|[ \t]*(?:#.*)?\n)*)",
    re.MULTILINE,
)
_BRANCHES = re.compile(
    r"^[ \t]+branches:[ \t]*(?:\[(?P<row>[^\]\n]*)\]|(?P<rows>(?:[ \t]*\n)(?:[ \t]+-.*\n)+))",
    re.MULTILINE,
)
_TAGS = re.compile(r"^[ \t]+tags:", re.MULTILINE)
_JOBS = re.compile(r"^jobs:.*\n(?:[ \t].*\n|[ \t]*\n|#.*\n)*", re.MULTILINE)
_PLAIN = re.compile(r"[A-Za-z0-9._/-]+")
_FROM_FORKS = ("pull_request_target", "workflow_run")
"""What runs in the repository itself, with its secrets, also for a branch of a fork."""

_TAKES_HEAD = re.compile(
    r"\bhead[_.](?:ref|sha|commit|branch|repository|repo)\b|\.head\b|\bmerge_commit_sha\b|refs/pull/"
)
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


async def safeguards(
    wire: Wire, repository: str, *, from_fork: bool = False
) -> tuple[Safeguard, ...]:
    """`from_fork`: branches are pushed to a fork. Raises NeedsHuman for a repository that cannot be reached."""
    place = await place_of(wire, repository)
    ours = await me(wire)
    rules = await _rules(wire, place)
    return (
        _access(place, ours, from_fork=from_fork),
        *rules,
        _bypass(place),
        *await _seen(wire, place),
        *await _workflows(wire, place, from_fork=from_fork),
    )


def _access(place: Place, ours: Who, *, from_fork: bool) -> Safeguard:
    """Whoever pushes to a fork need not write here, and then cannot merge either."""
    ok = place.permissions.get("push", False) or from_fork
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
    where = place.html_url or place.full_name
    remedy = (
        f"protect {place.default_branch}: require a pull request with one approval"
        f" ({where}/settings/rules)"
    )
    if place.private:
        remedy += (
            "; a private repository needs a paid plan for that: without, --unprotected is your word"
        )
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
    except (Missing, NeedsHuman):
        # A private repository of an account that does not pay has none, and GitHub says so with a 403.
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


# What may be read -------------------------------------------------------------------------------

_SEEN: tuple[tuple[Name, str], ...] = (
    ("issues", "no issue can be taken up"),
    ("pulls", "no pull request can be followed"),
    ("checks", "CI is not seen: drafts become ready without it"),
    ("status", "statuses of other CI are not seen"),
)


async def _seen(wire: Wire, place: Place) -> tuple[Safeguard, ...]:
    """Asked for once each: a token that lacks one of these is known now, and not in the night."""
    at: Query = {"repository": place.full_name, "sha": place.default_branch}
    rows = []
    for name, what in _SEEN:
        try:
            await wire.ask(name, at, query={"per_page": 1})
        except (NeedsHuman, Missing) as error:
            remedy = error.advice or f"{CALLS[name].needs}; or the repository has this turned off"
            needed = name in ("issues", "pulls")
            rows.append(
                Safeguard(
                    f"reading {name}", f"{what} ({error})", ok=False, remedy=remedy, needed=needed
                )
            )
    return tuple(rows) or (
        Safeguard("reading", "issues, pull requests, checks, statuses", ok=True),
    )


# Workflows --------------------------------------------------------------------------------------


async def exposures(wire: Wire, repository: str, *, from_fork: bool) -> tuple[str, ...]:
    """Workflows that would run what is pushed with more than it should have, and why."""
    place = await place_of(wire, repository)
    rows = await _workflows(wire, place, from_fork=from_fork)
    return tuple(f"{row.what} {row.found}" for row in rows if not row.ok)


async def _workflows(wire: Wire, place: Place, *, from_fork: bool = False) -> tuple[Safeguard, ...]:
    at: Query = {"repository": place.full_name, "path": WORKFLOWS}
    try:
        listed = await wire.ask("contents", at)
    except Missing:
        return (Safeguard("workflows", "none", ok=True),)
    names = [str(each.get("path")) for each in listed if isinstance(each, dict)]
    names = [name for name in names if name.endswith((".yml", ".yaml"))]
    rows = []
    for name in names[:_MOST_WORKFLOWS]:
        why = exposed(await _text(wire, {**at, "path": name}), from_fork=from_fork)
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


def exposed(workflow: str, *, from_fork: bool = False) -> str:
    """Why a pushed branch would run code with more than it should have; empty = it would not.

    Read as text, on the safe side: YAML has too many ways to say the same. Only what is plainly said is
    believed: that pushes to some named branches, or of tags, are meant. From a fork there are no secrets,
    but for workflows that run in the repository and fetch the branch themselves.
    """
    head = _JOBS.sub("", f"{workflow}\n")
    triggers = set(_TRIGGERS.findall(head))
    if not _hears_of_ours(head):
        triggers.discard("push")
    if from_fork:
        triggers &= set(_FROM_FORKS) if _TAKES_HEAD.search(workflow) else set()
    if not triggers:
        return ""
    reach = []
    if _SECRETS.search(workflow):
        reach.append("secrets")
    if _WRITES.search(workflow):
        reach.append("a token that writes")
    return f"runs on {', '.join(sorted(triggers))} with {' and '.join(reach)}" if reach else ""


def _hears_of_ours(head: str) -> bool:
    """Whether a push to `swarm/*` starts it. Only plain names of other branches say no."""
    found = _PUSH.findall(f"{head}\n")
    if len(found) != 1 or len(re.findall(r"\bpush\b", head)) != 1:
        return True
    what = found[0][1]
    if "#" in what or what.count("branches") > 1:
        return True
    named = _BRANCHES.search(what)
    if named is None:
        return _TAGS.search(what) is None or "branches" in what
    text = named["row"] if named["row"] is not None else named["rows"]
    names = [each.strip(" \t-'\"") for each in re.split(r"[,\n]", text)]
    names = [each for each in names if each]
    return not names or any(
        _PLAIN.fullmatch(each) is None or each.startswith("swarm/") for each in names
    )
