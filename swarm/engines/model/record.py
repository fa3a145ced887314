"""What a step keeps of its turn: all that is needed to go on from here, and for people to replay."""

from typing import Literal

from swarm.domain.frozen import Frozen
from swarm.domain.names import Digest
from swarm.domain.tasks import Part
from swarm.engines.model.shell import ShellState
from swarm.models.public_api import Block, Result, Usage

MOST_BYTES = 1 << 20
"""The port's bound for a step's result."""


class Wish(Frozen):
    """How the model wants to end."""

    kind: Literal["submit", "ask", "split", "give-up"]
    text: str
    title: str = ""
    parts: tuple[Part, ...] = ()


class Record(Frozen):
    """One turn: what was heard before it, what the model said, what its calls came to."""

    prompt: str
    """Name and version of what the model was told."""

    model: str
    anew: str = ""
    """Nothing was said in this turn: the conversation begins anew behind it, in the tree as it was
    given, and is told this.
    """

    opening: str = ""
    """In the first record: the contract and the repository, as told then."""

    said: tuple[str, ...] = ()
    """What humans said since the turn before."""

    blocks: tuple[Block, ...]
    results: tuple[Result, ...] = ()
    advice: str = ""
    """Told to the model when there are no results to tell it with."""

    unused: tuple[str, ...] = ()
    """Others' tools that are out of use, and why."""

    usage: Usage = Usage()
    size: int = 0
    """Bytes of the request."""

    shell: ShellState = ShellState()
    tree: Digest | None = None
    """Of the changes so far, for comparing; None = as it was."""

    reviewed: Digest | None = None
    """The changes that the model was asked to review before it submits them."""

    refusals: int = 0
    """How often a submission was sent back before it left."""

    wish: Wish | None = None
