"""The deadlines and bounds around one answer.

A server that sends nothing but pings keeps a connection alive for ever, and a client that counts bytes
believes it. So what counts here is content: the first piece, each next piece, and the whole.
"""

from dataclasses import dataclass

from swarm.models.trouble import Kind


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds and bytes."""

    connect: float = 15.0
    first: float = 120.0
    """Until the answer's first piece."""

    idle: float = 60.0
    """Between two pieces; pings are none."""

    total: float = 600.0
    bytes: int = 16 << 20
    tries: int = 4
    wait: float = 30.0
    """A longer wait is not waited for here: it is told to whoever asked."""


@dataclass(slots=True)
class Watch:
    """When an answer that began at `began` is late, by a clock in seconds."""

    patience: Patience
    began: float
    heard: float | None = None
    """When the last piece of content came."""

    def deadline(self) -> tuple[float, Kind]:
        """The next moment that is too late, and what it would mean."""
        total = self.began + self.patience.total
        soon = self.began + self.patience.first
        what: Kind = "no-first-word"
        if self.heard is not None:
            soon, what = self.heard + self.patience.idle, "fell-silent"
        return (soon, what) if soon < total else (total, "took-too-long")
