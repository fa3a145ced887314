"""The door of swarm.repository."""

from swarm.repository.files import remove_unfinished, unpack_archive
from swarm.repository.hosting import GitAnswer, GitCall, Hosted, answer_git
from swarm.repository.inspection import RepositoryState, inspect
from swarm.repository.joining import Conflict, Joined, Patch
from swarm.repository.mirror import Mirror
from swarm.repository.people import blob_hash, fork_point, read_commit
from swarm.repository.publication import (
    Landing,
    Outlet,
    demand_room,
    landed,
    publish_branch,
    read_branch,
)
from swarm.repository.remote import Remote, RemoteOutlet, clone_branch, remote_branch
from swarm.repository.surroundings import (
    export_tree,
    ignored_paths,
    is_tracked,
    nearest_version,
)
from swarm.repository.trees import Count

__all__ = [
    "Conflict",
    "Count",
    "GitAnswer",
    "GitCall",
    "Hosted",
    "Joined",
    "Landing",
    "Mirror",
    "Outlet",
    "Patch",
    "Remote",
    "RemoteOutlet",
    "RepositoryState",
    "answer_git",
    "blob_hash",
    "clone_branch",
    "demand_room",
    "export_tree",
    "fork_point",
    "ignored_paths",
    "inspect",
    "is_tracked",
    "landed",
    "nearest_version",
    "publish_branch",
    "read_branch",
    "read_commit",
    "remote_branch",
    "remove_unfinished",
    "unpack_archive",
]
