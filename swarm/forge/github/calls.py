"""All calls that swarm can make to GitHub. What is not here cannot be done."""

from dataclasses import dataclass
from typing import Literal

Name = Literal[
    "installation", "grant", "me", "user", "repository", "permission", "branch", "commits", "compare", "protection", "rules", "contents",
    "issues", "issue", "events", "comments", "comment", "edit comment", "remove comment",
    "label", "unlabel", "pulls", "pull", "open pull", "edit pull", "close pull",
    "reviews", "remarks", "job log",
    "status", "set status", "checks", "edited", "ready",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    method: str
    path: str
    writes: bool = False
    needs: str = ""
    """The permission of a token, in the words of the page where it is given."""


_REPO = "/repos/{repository}"
CALLS: dict[Name, Way] = {
    "installation": Way("GET", f"{_REPO}/installation"),
    "grant": Way("POST", "/app/installations/{id}/access_tokens"),
    "me": Way("GET", "/user"),
    "user": Way("GET", "/users/{login}"),
    "repository": Way("GET", _REPO, needs="Metadata: read"),
    "permission": Way("GET", f"{_REPO}/collaborators/{{login}}/permission", needs="Metadata: read"),
    "branch": Way("GET", f"{_REPO}/branches/{{branch}}", needs="Contents: read"),
    "commits": Way("GET", f"{_REPO}/commits", needs="Contents: read"),
    "compare": Way("GET", f"{_REPO}/compare/{{span}}", needs="Contents: read"),
    "protection": Way(
        "GET", f"{_REPO}/branches/{{branch}}/protection", needs="Administration: read"
    ),
    "rules": Way("GET", f"{_REPO}/rules/branches/{{branch}}", needs="Metadata: read"),
    "contents": Way("GET", f"{_REPO}/contents/{{path}}", needs="Contents: read"),
    "issues": Way("GET", f"{_REPO}/issues", needs="Issues: read"),
    "issue": Way("GET", f"{_REPO}/issues/{{number}}", needs="Issues: read"),
    "events": Way("GET", f"{_REPO}/issues/{{number}}/events", needs="Issues: read"),
    "comments": Way("GET", f"{_REPO}/issues/{{number}}/comments", needs="Issues: read"),
    "comment": Way(
        "POST", f"{_REPO}/issues/{{number}}/comments", writes=True, needs="Issues: read and write"
    ),
    "edit comment": Way(
        "PATCH", f"{_REPO}/issues/comments/{{id}}", writes=True, needs="Issues: read and write"
    ),
    "remove comment": Way(
        "DELETE", f"{_REPO}/issues/comments/{{id}}", writes=True, needs="Issues: read and write"
    ),
    "label": Way(
        "POST", f"{_REPO}/issues/{{number}}/labels", writes=True, needs="Issues: read and write"
    ),
    "unlabel": Way(
        "DELETE",
        f"{_REPO}/issues/{{number}}/labels/{{name}}",
        writes=True,
        needs="Issues: read and write",
    ),
    "pulls": Way("GET", f"{_REPO}/pulls", needs="Pull requests: read"),
    "pull": Way("GET", f"{_REPO}/pulls/{{number}}", needs="Pull requests: read"),
    "open pull": Way("POST", f"{_REPO}/pulls", writes=True, needs="Pull requests: read and write"),
    "edit pull": Way(
        "PATCH", f"{_REPO}/pulls/{{number}}", writes=True, needs="Pull requests: read and write"
    ),
    "close pull": Way(
        "PATCH", f"{_REPO}/pulls/{{number}}", writes=True, needs="Pull requests: read and write"
    ),
    "reviews": Way("GET", f"{_REPO}/pulls/{{number}}/reviews", needs="Pull requests: read"),
    "remarks": Way("GET", f"{_REPO}/pulls/{{number}}/comments", needs="Pull requests: read"),
    "job log": Way("GET", f"{_REPO}/actions/jobs/{{id}}/logs", needs="Actions: read"),
    "status": Way("GET", f"{_REPO}/commits/{{sha}}/status", needs="Commit statuses: read"),
    "set status": Way(
        "POST", f"{_REPO}/statuses/{{sha}}", writes=True, needs="Commit statuses: read and write"
    ),
    "checks": Way("GET", f"{_REPO}/commits/{{sha}}/check-runs", needs="Checks: read"),
    "edited": Way("POST", "/graphql", needs="Issues: read"),
    "ready": Way("POST", "/graphql", writes=True, needs="Pull requests: read and write"),
}
