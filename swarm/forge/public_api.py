"""The door of swarm.forge."""

from swarm.forge.body import Account, AttemptAccount, AwardAccount, TaskAccount, body, title
from swarm.forge.local import LocalForge
from swarm.forge.port import (
    Forge,
    How,
    Issue,
    IssueRequest,
    Issues,
    PullRequest,
    PullRequestRequest,
)
from swarm.forge.publisher import Outlet, Published, Publisher, PublishRequest
from swarm.forge.wording import markdown_line, opening, plain_line, visible

__all__ = [
    "Account",
    "AttemptAccount",
    "AwardAccount",
    "Forge",
    "How",
    "Issue",
    "IssueRequest",
    "Issues",
    "LocalForge",
    "Outlet",
    "PublishRequest",
    "Published",
    "Publisher",
    "PullRequest",
    "PullRequestRequest",
    "TaskAccount",
    "body",
    "markdown_line",
    "opening",
    "plain_line",
    "title",
    "visible",
]
