"""Accounts, repositories, branches, files, and what is said of commits: statuses and checks."""

import base64
import hashlib
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from swarm.forge.served import rendering
from swarm.forge.served.calling import Call, Refused, Reply, whole
from swarm.forge.served.values import Check, Status, StatusState
from swarm.forge.served.world import World

MOST_COMMITS = 1_000
_LINKS = tuple(name.removesuffix("_url") for name in ("self_url", "git_url", "html_url"))


class NewStatus(BaseModel):
    state: StatusState
    context: str = "default"
    description: str | None = ""
    target_url: str | None = ""


class Output(BaseModel):
    title: str | None = None
    summary: str | None = None
    text: str | None = None


class NewCheck(BaseModel):
    name: str = Field(min_length=1)
    head_sha: str
    status: str = "queued"
    conclusion: str | None = None
    output: Output = Field(default_factory=Output)
    log: str | None = None
    """Not GitHub's: what its own CI would have written meanwhile."""


def get_me(world: World, call: Call) -> Reply:
    if not call.account.login:
        raise Refused(401, "Requires authentication")
    return Reply(rendering.whole_user(call.account, call.base))


def get_user(world: World, call: Call) -> Reply:
    account = world.account(call.at["login"])
    if account is None:
        raise Refused(404, "Not Found")
    return Reply(rendering.whole_user(account, call.base))


def get_repository(world: World, call: Call) -> Reply:
    role = world.role(call.repository, call.account)
    return Reply(rendering.repository(world, call.repository, role, call.base))


def fork(world: World, call: Call) -> Reply:
    """Of whoever asks. GitHub says that it will be there soon; here it is there at once."""
    made = world.add_fork(call.repository, call.account.login)
    return Reply(rendering.repository(world, made, "admin", call.base), 202)


def get_permission(world: World, call: Call) -> Reply:
    account = world.account(call.at["login"])
    if account is None:
        raise Refused(404, "Not Found")
    role = world.role(call.repository, account)
    coarse = {"triage": "read", "maintain": "write"}.get(role, role)
    user = {**rendering.user(account, call.base), "role_name": role}
    return Reply({"permission": coarse, "role_name": role, "user": user})


# Branches and files -----------------------------------------------------------------------------


def get_branch(world: World, call: Call) -> Reply:
    name = call.at["branch"]
    commit = world.trunk(call.repository).head(name)
    if commit is None:
        raise Refused(404, "Branch not found")
    url = f"{call.base}/repos/{call.repository.name}"
    protected = name in call.repository.protections
    return Reply(
        {
            "name": name,
            "commit": {"sha": commit, "url": f"{url}/commits/{commit}"},
            "protected": protected,
            "protection": {"enabled": protected},
            "protection_url": f"{url}/branches/{name}/protection",
            "_links": {"self": f"{url}/branches/{name}", "html": f"{call.base}/{name}"},
        }
    )


def list_commits(world: World, call: Call) -> Reply:
    """Of the default branch, the newest first."""
    trunk = world.trunk(call.repository)
    head = trunk.head(call.query.get("sha") or call.repository.branch)
    if head is None:
        return Reply([])
    found = trunk.log(head, _moment(call.query.get("since", "")), MOST_COMMITS)
    return Reply([_commit(call, sha, message) for sha, message in found])


def _moment(text: str) -> int:
    try:
        return int(datetime.fromisoformat(text).timestamp()) if text else 0
    except ValueError as error:
        raise Refused(422, "since is no time") from error


def _commit(call: Call, sha: str, message: str) -> dict[str, Any]:
    url = f"{call.base}/repos/{call.repository.name}/commits/{sha}"
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "url": url,
        "html_url": url,
        "comments_url": f"{url}/comments",
        "commit": {"message": message, "url": url},
        "author": None,
        "committer": None,
        "parents": [],
    }


def compare(world: World, call: Call) -> Reply:
    """Whether the second contains the first."""
    base, dots, head = call.at["span"].partition("...")
    trunk = world.trunk(call.repository)
    one, two = trunk.commit(base), trunk.head(head) or trunk.commit(head)
    if not dots or one is None or two is None:
        raise Refused(404, "Not Found")
    ahead, behind = trunk.ahead(one, two), trunk.ahead(two, one)
    url = f"{call.base}/repos/{call.repository.name}"
    addresses = ("url", "html_url", "permalink_url", "diff_url", "patch_url")
    word = {(False, False): "identical", (True, False): "ahead", (False, True): "behind"}
    return Reply(
        {
            "status": word.get((ahead > 0, behind > 0), "diverged"),
            "ahead_by": ahead,
            "behind_by": behind,
            **dict.fromkeys(addresses, f"{url}/compare/{call.at['span']}"),
            "base_commit": {"sha": one, "url": f"{url}/commits/{one}"},
            "merge_base_commit": {"sha": one, "url": f"{url}/commits/{one}"},
            "total_commits": ahead,
            "commits": [],
            "files": [],
        }
    )


def get_protection(world: World, call: Call) -> Reply:
    it = call.repository.protections.get(call.at["branch"])
    if it is None:
        raise Refused(404, "Branch not protected")
    url = f"{call.base}/repos/{call.repository.name}/branches/{call.at['branch']}/protection"
    made: dict[str, Any] = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": it.admins},
        "required_pull_request_reviews": {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": False,
            "require_code_owner_reviews": False,
            "required_approving_review_count": it.reviews,
        },
        "allow_force_pushes": {"enabled": False},
        "allow_deletions": {"enabled": False},
    }
    if it.checks:
        made["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": False,
            "contexts": list(it.checks),
            "contexts_url": f"{url}/required_status_checks/contexts",
            "checks": [{"context": name, "app_id": None} for name in it.checks],
        }
    return Reply(made)


def list_rules(world: World, call: Call) -> Reply:
    """Rulesets; we have none, and branch protection says the same."""
    return Reply([])


def get_contents(world: World, call: Call) -> Reply:
    trunk = world.trunk(call.repository)
    commit = trunk.commit(call.query.get("ref") or call.repository.branch)
    if commit is None:
        raise Refused(404, "No commit found for the ref")
    path = call.at["path"].strip("/")
    data = trunk.read(commit, path)
    if data is not None:
        return Reply(_file(call, path, data))
    names = list(trunk.names(commit, path))
    if not names:
        raise Refused(404, "Not Found")
    return Reply([_entry(call, each, kind) for kind, each in names])


def _entry(call: Call, path: str, kind: str) -> dict[str, Any]:
    url = f"{call.base}/repos/{call.repository.name}/contents/{path}"
    return {
        "type": "file" if kind == "blob" else "dir",
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "size": 0,
        "sha": "",
        "url": url,
        "git_url": None,
        "html_url": None,
        "download_url": None,
        "_links": {**dict.fromkeys(_LINKS), "self": url},
    }


def _file(call: Call, path: str, data: bytes) -> dict[str, Any]:
    content = base64.encodebytes(data).decode()
    made = _entry(call, path, "blob")
    return {**made, "size": len(data), "encoding": "base64", "content": content}


# Statuses and checks ----------------------------------------------------------------------------


def set_status(world: World, call: Call) -> Reply:
    asked, sha = call.read(NewStatus), call.at["sha"]
    if world.trunk(call.repository).commit(sha) is None:
        raise Refused(422, f"No commit found for SHA: {sha}")
    made = world.statuses.put(
        Status(
            id=world.database.new_id(),
            repository=call.repository.id,
            sha=sha,
            context=asked.context,
            state=asked.state,
            description=(asked.description or "")[:140],
            target=asked.target_url or "",
            author=call.account.login,
            at=world.now(),
        )
    )
    return Reply(rendering.status(world, made, call.repository, call.base), 201)


def get_combined(world: World, call: Call) -> Reply:
    """The newest status of each context, and what they come to."""
    sha = world.trunk(call.repository).commit(call.at["sha"])
    if sha is None:
        raise Refused(404, "Not Found")
    found = world.statuses.where(lambda it: (it.repository, it.sha) == (call.repository.id, sha))
    newest = {it.context: it for it in found}.values()
    states = {it.state for it in newest}
    failed = bool(states & {"error", "failure"})
    whole = "failure" if failed else "success" if states == {"success"} else "pending"
    return Reply(
        {
            "state": whole,
            "sha": sha,
            "total_count": len(newest),
            "statuses": [rendering.status(world, it, call.repository, call.base) for it in newest],
            "repository": rendering.repository(world, call.repository, "read", call.base),
            "commit_url": f"{call.base}/repos/{call.repository.name}/commits/{sha}",
            "url": f"{call.base}/repos/{call.repository.name}/commits/{sha}/status",
        }
    )


def add_check(world: World, call: Call) -> Reply:
    asked = call.read(NewCheck)
    if world.trunk(call.repository).commit(asked.head_sha) is None:
        raise Refused(422, f"No commit found for SHA: {asked.head_sha}")
    made = Check.model_validate(
        {
            "id": world.database.new_id(),
            "repository": call.repository.id,
            "sha": asked.head_sha,
            "name": asked.name,
            "status": "completed" if asked.conclusion else asked.status,
            "conclusion": asked.conclusion,
            "summary": asked.output.summary or "",
            "text": asked.output.text or "",
            "log": asked.log,
            "at": world.now(),
        }
    )
    return Reply(rendering.check(world.checks.put(made), call.repository, call.base), 201)


def list_checks(world: World, call: Call) -> Reply:
    """The newest run of each name."""
    sha = world.trunk(call.repository).commit(call.at["sha"])
    found = world.checks.where(lambda it: (it.repository, it.sha) == (call.repository.id, sha))
    newest = {it.name: it for it in found}.values()
    runs = [rendering.check(it, call.repository, call.base) for it in newest]
    return Reply({"total_count": len(runs), "check_runs": runs})


def get_log(world: World, call: Call) -> Reply:
    """GitHub sends to another host, with an address that is enough by itself."""
    found = world.checks.get(whole(call.at["id"]))
    if found is None or found.repository != call.repository.id or found.log is None:
        raise Refused(404, "Not Found")
    address = f"{call.base}/_logs/{found.id}/{_secret(world, found)}"
    return Reply({}, 302, {"location": address})


def read_log(world: World, call: Call) -> Reply:
    found = world.checks.get(whole(call.at["id"]))
    if found is None or found.log is None or call.at["secret"] != _secret(world, found):
        raise Refused(404, "Not Found")
    return Reply(found.log.encode())


def _secret(world: World, check: Check) -> str:
    """Known to whoever may read the repository: made from what nobody else is told."""
    digests = "".join(account.digest for account in world.accounts)
    return hashlib.sha256(f"{digests} log {check.id}".encode()).hexdigest()[:32]
