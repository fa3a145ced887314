"""Which call is answered by what, and who may make it. Merging is not among them."""

from collections.abc import Callable

from swarm.forge.served import asked, places, pulls, tickets
from swarm.forge.served.calling import Call, Reply
from swarm.forge.served.values import Role
from swarm.forge.served.world import World

Handler = Callable[[World, Call], Reply]
_REPO = "/repos/{owner}/{repo}"

ROUTES: tuple[tuple[str, str, Role, Handler], ...] = (
    ("GET", "/user", "none", places.get_me),
    ("GET", "/users/{login}", "none", places.get_user),
    ("POST", "/graphql", "none", asked.answer),
    ("GET", _REPO, "read", places.get_repository),
    ("POST", f"{_REPO}/forks", "read", places.fork),
    ("GET", f"{_REPO}/collaborators/{{login}}/permission", "read", places.get_permission),
    ("GET", f"{_REPO}/branches/{{branch:path}}/protection", "admin", places.get_protection),
    ("GET", f"{_REPO}/branches/{{branch:path}}", "read", places.get_branch),
    ("GET", f"{_REPO}/commits", "read", places.list_commits),
    ("GET", f"{_REPO}/compare/{{span:path}}", "read", places.compare),
    ("GET", f"{_REPO}/rules/branches/{{branch:path}}", "read", places.list_rules),
    ("GET", f"{_REPO}/contents/{{path:path}}", "read", places.get_contents),
    ("GET", f"{_REPO}/issues", "read", tickets.list_issues),
    ("POST", f"{_REPO}/issues", "read", tickets.open_issue),
    ("PATCH", f"{_REPO}/issues/comments/{{id}}", "read", tickets.change_comment),
    ("DELETE", f"{_REPO}/issues/comments/{{id}}", "read", tickets.remove_comment),
    ("GET", f"{_REPO}/issues/{{number}}", "read", tickets.get_issue),
    ("PATCH", f"{_REPO}/issues/{{number}}", "read", tickets.change_issue),
    ("GET", f"{_REPO}/issues/{{number}}/events", "read", tickets.list_happenings),
    ("GET", f"{_REPO}/issues/{{number}}/comments", "read", tickets.list_comments),
    ("POST", f"{_REPO}/issues/{{number}}/comments", "read", tickets.say),
    ("POST", f"{_REPO}/issues/{{number}}/labels", "triage", tickets.add_labels),
    ("DELETE", f"{_REPO}/issues/{{number}}/labels/{{name}}", "triage", tickets.remove_label),
    ("GET", f"{_REPO}/labels", "read", tickets.list_labels),
    ("POST", f"{_REPO}/labels", "write", tickets.make_label),
    ("GET", f"{_REPO}/pulls", "read", pulls.list_pulls),
    ("POST", f"{_REPO}/pulls", "read", pulls.open_pull),
    ("GET", f"{_REPO}/pulls/{{number}}", "read", pulls.get_pull),
    ("PATCH", f"{_REPO}/pulls/{{number}}", "read", pulls.change_pull),
    ("GET", f"{_REPO}/pulls/{{number}}/files", "read", pulls.list_files),
    ("GET", f"{_REPO}/pulls/{{number}}/reviews", "read", pulls.list_reviews),
    ("POST", f"{_REPO}/pulls/{{number}}/reviews", "read", pulls.review),
    ("GET", f"{_REPO}/pulls/{{number}}/comments", "read", pulls.list_remarks),
    ("GET", f"{_REPO}/actions/jobs/{{id}}/logs", "read", places.get_log),
    ("GET", "/_logs/{id}/{secret}", "none", places.read_log),
    ("POST", f"{_REPO}/statuses/{{sha}}", "write", places.set_status),
    ("GET", f"{_REPO}/commits/{{sha}}/status", "read", places.get_combined),
    ("GET", f"{_REPO}/commits/{{sha}}/check-runs", "read", places.list_checks),
    ("POST", f"{_REPO}/check-runs", "write", places.add_check),
)
"""Method, path, the least role that may, what answers."""
