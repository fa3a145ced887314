"""Where things lie in the state folder. One state folder = one journal = one coordinator."""

import hashlib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    home: Path

    @property
    def journal(self) -> Path:
        return self.home / "journal"

    @property
    def blobs(self) -> Path:
        return self.home / "journal" / "blobs"

    @property
    def inbox(self) -> Path:
        return self.home / "inbox"

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def forge(self) -> Path:
        return self.home / "forge"

    @property
    def mirrors(self) -> Path:
        return self.home / "mirrors"

    @property
    def facts(self) -> Path:
        return self.home / "facts"

    @property
    def work(self) -> Path:
        """Trees and sandboxes of the hosts on this machine. Nothing here is needed after a crash."""
        return self.home / "work"

    @property
    def environments(self) -> Path:
        """Built environments, by key. Made anew when they are missing."""
        return self.home / "environments"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def agents(self) -> Path:
        """The registry's last picture, for people: `swarm agents`."""
        return self.home / "agents.json"

    @property
    def canaries(self) -> Path:
        """What the checks said of changes of which it was known whether they are right."""
        return self.home / "canaries.jsonl"

    @property
    def approvals(self) -> Path:
        """Others' tools that a person has approved, by hash."""
        return self.home / "tools.json"

    @property
    def own_agents(self) -> Path:
        """The user's own coding agents that take part."""
        return self.home / "own-agents.json"

    @property
    def models(self) -> Path:
        """What was asked of models, answered, reserved and spent: the gateway's own."""
        return self.home / "models"

    @property
    def routes(self) -> Path:
        """Models and their keys, for the gateway alone."""
        return self.keys / "models.json"

    def mirror_of(self, repository: str) -> Path:
        return self.mirrors / f"{key_of(repository)}.git"

    def facts_of(self, repository: str) -> Path:
        return self.facts / f"{key_of(repository)}.facts"

    def make(self) -> None:
        """Create the folders, readable by nobody else."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.journal, self.inbox, self.keys, self.forge):
            folder.mkdir(mode=0o700, exist_ok=True)
        for folder in (self.mirrors, self.facts, self.work, self.logs):
            folder.mkdir(mode=0o700, exist_ok=True)


def key_of(repository: str) -> str:
    """A repository's short name in the state folder."""
    return hashlib.sha256(repository.encode("utf-8", "surrogateescape")).hexdigest()[:16]
