"""Commands that go on without a sandbox where this machine has none, and say so: they run nothing
but what swarm brings along.
"""

from swarm.cli.session import Session
from swarm.cli.words import legible
from swarm.domain.errors import Lacking
from swarm.sandbox.public_api import SandboxMode, choose


def walls_or_none(session: Session) -> SandboxMode:
    """The mode that the settings mean; an unsafe worktree, and a banner, when nothing works."""
    try:
        return choose(session.places.work, session.settings.sandbox)
    except Lacking as error:
        why = legible(f"{error}; {error.advice}", 400)
        session.say(f"\nNO SANDBOX ON THIS MACHINE: {why}", "bold yellow")
        session.say("This goes on without one (unsafe-worktree); no other command does.\n")
        return "unsafe-worktree"
