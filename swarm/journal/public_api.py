"""What other packages may import from `swarm.journal`."""

from swarm.journal.blobs import FileBlobs
from swarm.journal.chain import GENESIS, link
from swarm.journal.codec import decode, encode
from swarm.journal.following import Follower
from swarm.journal.port import Blobs, Head, Journal, Record
from swarm.journal.sqlite import SqliteJournal, open_journal, read_only

__all__ = [
    "GENESIS",
    "Blobs",
    "FileBlobs",
    "Follower",
    "Head",
    "Journal",
    "Record",
    "SqliteJournal",
    "decode",
    "encode",
    "link",
    "open_journal",
    "read_only",
]
