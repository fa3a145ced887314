"""The door of swarm.repository."""

from swarm.repository.files import remove_unfinished, unpack_archive
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
from swarm.repository.surroundings import export_tree, ignored_paths, nearest_version
from swarm.repository.trees import Count

__all__ = [
    "Conflict",
    "Count",
    "Joined",
    "Landing",
    "Mirror",
    "Outlet",
    "Patch",
    "RepositoryState",
    "blob_hash",
    "demand_room",
    "export_tree",
    "fork_point",
    "ignored_paths",
    "inspect",
    "landed",
    "nearest_version",
    "publish_branch",
    "read_branch",
    "read_commit",
    "remove_unfinished",
    "unpack_archive",
]
