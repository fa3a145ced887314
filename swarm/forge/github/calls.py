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


_REPO = "/repos/{repository}"
CALLS: dict[Name, Way] = {
    "installation": Way("GET", f"{_REPO}/installation"),
    "grant": Way("POST", "/app/installations/{id}/access_tokens"),
    "me": Way("GET", "/user"),
    "user": Way("GET", "/users/{login}"),
    "repository": Way("GET", _REPO),
    "permission": Way("GET", f"{_REPO}/collaborators/{{login}}/permission"),
    "branch": Way("GET", f"{_REPO}/branches/{{branch}}"),
    "commits": Way("GET", f"{_REPO}/commits"),
    "compare": Way("GET", f"{_REPO}/compare/{{span}}"),
    "protection": Way("GET", f"{_REPO}/branches/{{branch}}/protection"),
    "rules": Way("GET", f"{_REPO}/rules/branches/{{branch}}"),
    "contents": Way("GET", f"{_REPO}/contents/{{path}}"),
    "issues": Way("GET", f"{_REPO}/issues"),
    "issue": Way("GET", f"{_REPO}/issues/{{number}}"),
    "events": Way("GET", f"{_REPO}/issues/{{number}}/events"),
    "comments": Way("GET", f"{_REPO}/issues/{{number}}/comments"),
    "comment": Way("POST", f"{_REPO}/issues/{{number}}/comments", writes=True),
    "edit comment": Way("PATCH", f"{_REPO}/issues/comments/{{id}}", writes=True),
    "remove comment": Way("DELETE", f"{_REPO}/issues/comments/{{id}}", writes=True),
    "label": Way("POST", f"{_REPO}/issues/{{number}}/labels", writes=True),
    "unlabel": Way("DELETE", f"{_REPO}/issues/{{number}}/labels/{{name}}", writes=True),
    "pulls": Way("GET", f"{_REPO}/pulls"),
    "pull": Way("GET", f"{_REPO}/pulls/{{number}}"),
    "open pull": Way("POST", f"{_REPO}/pulls", writes=True),
    "edit pull": Way("PATCH", f"{_REPO}/pulls/{{number}}", writes=True),
    "close pull": Way("PATCH", f"{_REPO}/pulls/{{number}}", writes=True),
    "reviews": Way("GET", f"{_REPO}/pulls/{{number}}/reviews"),
    "remarks": Way("GET", f"{_REPO}/pulls/{{number}}/comments"),
    "job log": Way("GET", f"{_REPO}/actions/jobs/{{id}}/logs"),
    "status": Way("GET", f"{_REPO}/commits/{{sha}}/status"),
    "set status": Way("POST", f"{_REPO}/statuses/{{sha}}", writes=True),
    "checks": Way("GET", f"{_REPO}/commits/{{sha}}/check-runs"),
    "edited": Way("POST", "/graphql"),
    "ready": Way("POST", "/graphql", writes=True),
}
