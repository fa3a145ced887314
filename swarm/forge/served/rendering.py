"""Values as GitHub's JSON: the fields that GitHub's description demands, as far as we have them."""

from datetime import UTC, datetime
from typing import Any

from swarm.forge.served.values import (
    Account,
    Check,
    Comment,
    Happening,
    Label,
    Remark,
    Repository,
    Review,
    Role,
    Status,
    Ticket,
)
from swarm.forge.served.world import NOBODY, World

Json = dict[str, Any]

_ADDRESSES = (
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare",
    "contents", "contributors", "deployments", "downloads", "events", "forks", "git_commits",
    "git_refs", "git_tags", "hooks", "issue_comment", "issue_events", "issues", "keys",
    "labels", "languages", "merges", "milestones", "notifications", "pulls", "releases", "ssh",
    "stargazers", "statuses", "subscribers", "subscription", "svn", "tags", "teams", "trees",
)  # fmt: skip
_COUNTS = (
    "forks", "forks_count", "network_count", "open_issues", "open_issues_count", "size",
    "stargazers_count", "subscribers_count", "watchers", "watchers_count",
)  # fmt: skip

GHOST = Account(id=10137, login="ghost", digest="")
"""Whose account is gone."""


def moment(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def user(account: Account | None, base: str) -> Json:
    account = account or GHOST
    url = f"{base}/users/{account.login}"
    lists = (
        "followers",
        "following",
        "gists",
        "starred",
        "subscriptions",
        "repos",
        "received_events",
    )
    return {
        "login": account.login,
        "id": account.id,
        "node_id": f"U_{account.id}",
        "avatar_url": "",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{base}/{account.login}",
        "type": account.kind,
        "site_admin": False,
        "organizations_url": f"{url}/orgs",
        "events_url": f"{url}/events",
        **{f"{name}_url": f"{url}/{name}" for name in lists},
    }


def whole_user(account: Account, base: str) -> Json:
    """With what people tell of themselves, which is nothing here."""
    told = ("name", "company", "blog", "location", "email", "hireable", "bio")
    counts = ("public_repos", "public_gists", "followers", "following")
    return {
        **user(account, base),
        **dict.fromkeys(told),
        **dict.fromkeys(counts, 0),
        "created_at": moment(0),
        "updated_at": moment(0),
    }


def repository(world: World, it: Repository, role: Role, base: str) -> Json:
    owner, name = it.name.split("/")
    rank = ("read", "triage", "write", "maintain", "admin")
    granted = ("pull", "triage", "push", "maintain", "admin")
    reached = rank.index(role) if role in rank else -1
    url = f"{base}/repos/{it.name}"
    began = moment(min((t.created for t in world.tickets if t.repository == it.id), default=0))
    return {
        **{f"{word}_url": f"{url}/{word}" for word in _ADDRESSES},
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(("homepage", "language", "license", "mirror_url"), None),
        **dict.fromkeys(("has_projects", "has_wiki", "has_pages", "has_discussions"), False),
        **dict.fromkeys(("created_at", "updated_at", "pushed_at"), began),
        "id": it.id,
        "node_id": f"R_{it.id}",
        "name": name,
        "full_name": it.name,
        "owner": user(world.account(owner) or NOBODY.model_copy(update={"login": owner}), base),
        "private": it.private,
        "visibility": "private" if it.private else "public",
        "html_url": f"{base}/{it.name}",
        "url": f"{base}/repos/{it.name}",
        "clone_url": f"{base}/{it.name}.git",
        "git_url": f"{base}/{it.name}.git",
        "description": None,
        "fork": it.parent != 0,
        **_parents(world, it, base),
        "default_branch": it.branch,
        "archived": it.archived,
        "disabled": False,
        "has_issues": True,
        "permissions": {word: reached >= at for at, word in enumerate(granted)},
    }


def _parents(world: World, it: Repository, base: str) -> Json:
    """GitHub names what a fork was made of, and where that came from."""
    parent = world.repositories.get(it.parent)
    if parent is None:
        return {}
    shown = repository(world, parent, "read", base)
    return {"parent": shown, "source": shown}


def label(it: Label, within: Repository, base: str) -> Json:
    return {
        "id": it.id,
        "node_id": f"LA_{it.id}",
        "url": f"{base}/repos/{within.name}/labels/{it.name}",
        "name": it.name,
        "color": it.color,
        "default": False,
        "description": it.description or None,
        "archived_at": None,
        "archived_by": None,
    }


def issue(world: World, it: Ticket, within: Repository, base: str) -> Json:
    url = f"{base}/repos/{within.name}/issues/{it.number}"
    kind = "pull" if it.pull else "issues"
    comments = len(
        world.comments.where(lambda c: (c.repository, c.number) == (it.repository, it.number))
    )
    closed = next((h for h in reversed(it.happened) if h.event in ("closed", "merged")), None)
    made: Json = {
        "id": it.id,
        "node_id": f"{'PR' if it.pull else 'I'}_{it.id}",
        "number": it.number,
        "url": url,
        "repository_url": f"{base}/repos/{within.name}",
        "html_url": f"{base}/{within.name}/{kind}/{it.number}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "title": it.title,
        "body": it.body or None,
        "user": user(world.account(it.author), base),
        "state": it.state,
        "locked": it.locked,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": comments,
        "labels": [label(within.labels[name.lower()], within, base) for name in it.labels],
        "created_at": moment(it.created),
        "updated_at": moment(it.updated),
        "closed_at": moment(closed.at if closed and it.state == "closed" else None),
        "author_association": "NONE",
    }
    if it.pull:
        made["pull_request"] = {
            "url": f"{base}/repos/{within.name}/pulls/{it.number}",
            "html_url": made["html_url"],
            "diff_url": f"{made['html_url']}.diff",
            "patch_url": f"{made['html_url']}.patch",
            "merged_at": moment(it.pull.merged_at),
        }
    return made


def pull(world: World, it: Ticket, within: Repository, base: str) -> Json:
    assert it.pull is not None
    whole = issue(world, it, within, base)
    theirs = world.repositories.get(it.pull.fork) or within
    url = f"{base}/repos/{within.name}/pulls/{it.number}"

    def side(branch: str, sha: str, where: Repository) -> Json:
        return {
            "label": f"{where.name.split('/')[0]}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": whole["user"],
            "repo": repository(world, where, "read", base),
        }

    left_out = ("pull_request", "events_url", "labels_url", "repository_url")
    return {
        **{key: value for key, value in whole.items() if key not in left_out},
        "url": url,
        "diff_url": whole["pull_request"]["diff_url"],
        "patch_url": whole["pull_request"]["patch_url"],
        "issue_url": whole["url"],
        "commits_url": f"{url}/commits",
        "review_comments_url": f"{url}/comments",
        "review_comment_url": f"{url}/comments{{/number}}",
        "statuses_url": f"{base}/repos/{within.name}/statuses/{it.pull.last_sha}",
        "draft": it.pull.draft,
        "merged": it.pull.merged_at is not None,
        "merged_at": moment(it.pull.merged_at),
        "merge_commit_sha": it.pull.merged_sha or None,
        "merged_by": user(world.account(it.pull.merged_by), base) if it.pull.merged_by else None,
        "mergeable": None,
        "mergeable_state": "unknown",
        "rebaseable": None,
        "maintainer_can_modify": False,
        "auto_merge": None,
        "review_comments": 0,
        "commits": 1,
        "additions": 0,
        "deletions": 0,
        "changed_files": 0,
        "requested_reviewers": [],
        "requested_teams": [],
        "head": side(it.pull.head, it.pull.last_sha, theirs),
        "base": side(it.pull.base, it.pull.base_sha, within),
        "_links": {
            name: {"href": f"{url}/{name}"}
            for name in (
                "comments", "commits", "statuses", "html", "issue", "review_comments",
                "review_comment", "self",
            )
        },
    }  # fmt: skip


def comment(world: World, it: Comment, within: Repository, base: str) -> Json:
    return {
        "id": it.id,
        "node_id": f"IC_{it.id}",
        "url": f"{base}/repos/{within.name}/issues/comments/{it.id}",
        "html_url": f"{base}/{within.name}/issues/{it.number}#issuecomment-{it.id}",
        "issue_url": f"{base}/repos/{within.name}/issues/{it.number}",
        "body": it.body,
        "user": user(world.account(it.author), base),
        "created_at": moment(it.created),
        "updated_at": moment(it.updated),
        "author_association": "NONE",
    }


def happening(world: World, it: Happening, within: Repository, base: str) -> Json:
    made: Json = {
        "id": it.id,
        "node_id": f"EV_{it.id}",
        "url": f"{base}/repos/{within.name}/issues/events/{it.id}",
        "actor": user(world.account(it.actor), base),
        "event": it.event,
        "performed_via_github_app": None,
        "commit_id": None,
        "commit_url": None,
        "created_at": moment(it.at),
    }
    if it.label:
        made["label"] = {"name": it.label, "color": "ededed"}
    if it.event == "renamed":
        made["rename"] = {"from": it.before, "to": it.after}
    return made


def review(world: World, it: Review, within: Repository, base: str) -> Json:
    page = f"{base}/{within.name}/pull/{it.number}"
    return {
        "id": it.id,
        "node_id": f"PRR_{it.id}",
        "user": user(world.account(it.author), base),
        "body": it.body,
        "state": it.state,
        "html_url": f"{page}#pullrequestreview-{it.id}",
        "pull_request_url": f"{base}/repos/{within.name}/pulls/{it.number}",
        "submitted_at": moment(it.at),
        "commit_id": it.commit,
        "author_association": "NONE",
        "_links": {"html": {"href": page}, "pull_request": {"href": page}},
    }


def remark(world: World, it: Remark, within: Repository, base: str) -> Json:
    page = f"{base}/{within.name}/pull/{it.number}#discussion_r{it.id}"
    url = f"{base}/repos/{within.name}/pulls/comments/{it.id}"
    pull = f"{base}/repos/{within.name}/pulls/{it.number}"
    return {
        "id": it.id,
        "node_id": f"PRRC_{it.id}",
        "pull_request_review_id": it.review,
        "url": url,
        "diff_hunk": "",
        "path": it.path,
        "line": it.line,
        "side": "RIGHT",
        "commit_id": it.commit,
        "original_commit_id": it.commit,
        "user": user(world.account(it.author), base),
        "body": it.body,
        "created_at": moment(it.at),
        "updated_at": moment(it.at),
        "html_url": page,
        "pull_request_url": pull,
        "author_association": "NONE",
        "_links": {
            "self": {"href": url},
            "html": {"href": page},
            "pull_request": {"href": pull},
        },
    }


def status(world: World, it: Status, within: Repository, base: str) -> Json:
    return {
        "id": it.id,
        "node_id": f"SC_{it.id}",
        "url": f"{base}/repos/{within.name}/statuses/{it.sha}",
        "avatar_url": None,
        "state": it.state,
        "description": it.description or None,
        "target_url": it.target or None,
        "context": it.context,
        "creator": user(world.account(it.author), base),
        "created_at": moment(it.at),
        "updated_at": moment(it.at),
    }


def _actions(base: str) -> Json:
    """The forge's own CI, as an App."""
    return {
        "id": 15368,
        "slug": "github-actions",
        "node_id": "A_15368",
        "client_id": "",
        "owner": user(None, base),
        "name": "Actions",
        "description": None,
        "external_url": base,
        "html_url": base,
        "created_at": moment(0),
        "updated_at": moment(0),
        "permissions": {},
        "events": [],
    }


def check(it: Check, within: Repository, base: str) -> Json:
    return {
        "id": it.id,
        "node_id": f"CR_{it.id}",
        "head_sha": it.sha,
        "external_id": None,
        "url": f"{base}/repos/{within.name}/check-runs/{it.id}",
        "html_url": f"{base}/{within.name}/runs/{it.id}",
        "details_url": None,
        "name": it.name,
        "status": it.status,
        "conclusion": it.conclusion,
        "started_at": moment(it.at),
        "completed_at": moment(it.at) if it.status == "completed" else None,
        "output": {
            "title": it.name,
            "summary": it.summary or None,
            "text": it.text or None,
            "annotations_count": 0,
            "annotations_url": f"{base}/repos/{within.name}/check-runs/{it.id}/annotations",
        },
        "check_suite": None,
        "app": None if it.log is None else _actions(base),
        "pull_requests": [],
    }
