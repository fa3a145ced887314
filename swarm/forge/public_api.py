"""The door of swarm.forge."""

from swarm.forge.body import (
    Account,
    AttemptAccount,
    AwardAccount,
    SandboxAccount,
    TaskAccount,
    body,
    title,
)
from swarm.forge.github.app import PUBLISHING, PUSHING, READING, Installation, demand_key
from swarm.forge.github.board import Board, Standing
from swarm.forge.github.calls import CALLS
from swarm.forge.github.calls import Name as CallName
from swarm.forge.github.forge import GitHubForge
from swarm.forge.github.intake import (
    GITHUB,
    ApprovedIssue,
    IssueName,
    approved_issue,
    issue_named,
    may_be_approved,
    open_issues,
    place_of,
    whoami,
)
from swarm.forge.github.outcome import Outcome
from swarm.forge.github.reading import Place
from swarm.forge.github.safety import Safeguard, exposures, safeguards
from swarm.forge.github.wire import PAUSE, Pace, Wire
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
from swarm.forge.publisher import Abroad, Outlet, Published, Publisher, PublishRequest
from swarm.forge.served.hosting import forge_running, open_world, serve_forge
from swarm.forge.served.routes import ROUTES
from swarm.forge.served.values import Protection
from swarm.forge.served.world import GitRequest, Ground, World
from swarm.forge.wording import markdown_line, opening, plain_line, visible

__all__ = [
    "CALLS",
    "GITHUB",
    "PAUSE",
    "PUBLISHING",
    "PUSHING",
    "READING",
    "ROUTES",
    "Abroad",
    "Account",
    "ApprovedIssue",
    "AttemptAccount",
    "AwardAccount",
    "Board",
    "CallName",
    "Forge",
    "GitHubForge",
    "GitRequest",
    "Ground",
    "How",
    "Installation",
    "Issue",
    "IssueName",
    "IssueRequest",
    "Issues",
    "LocalForge",
    "Outcome",
    "Outlet",
    "Pace",
    "Place",
    "Protection",
    "PublishRequest",
    "Published",
    "Publisher",
    "PullRequest",
    "PullRequestRequest",
    "Safeguard",
    "SandboxAccount",
    "Standing",
    "TaskAccount",
    "Wire",
    "World",
    "approved_issue",
    "body",
    "demand_key",
    "exposures",
    "forge_running",
    "issue_named",
    "markdown_line",
    "may_be_approved",
    "open_issues",
    "open_world",
    "opening",
    "place_of",
    "plain_line",
    "safeguards",
    "serve_forge",
    "title",
    "visible",
    "whoami",
]
