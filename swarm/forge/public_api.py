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
from swarm.forge.github.calls import CALLS
from swarm.forge.github.forge import GitHubForge
from swarm.forge.github.wire import Wire
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
from swarm.forge.served.hosting import forge_running, open_world, serve_forge
from swarm.forge.served.routes import ROUTES
from swarm.forge.served.values import Protection
from swarm.forge.served.world import GitRequest, Ground, World
from swarm.forge.wording import markdown_line, opening, plain_line, visible

__all__ = [
    "CALLS",
    "ROUTES",
    "Account",
    "AttemptAccount",
    "AwardAccount",
    "Forge",
    "GitHubForge",
    "GitRequest",
    "Ground",
    "How",
    "Issue",
    "IssueRequest",
    "Issues",
    "LocalForge",
    "Outlet",
    "Protection",
    "PublishRequest",
    "Published",
    "Publisher",
    "PullRequest",
    "PullRequestRequest",
    "SandboxAccount",
    "TaskAccount",
    "Wire",
    "World",
    "body",
    "forge_running",
    "markdown_line",
    "open_world",
    "opening",
    "plain_line",
    "serve_forge",
    "title",
    "visible",
]
