"""What a step keeps: for people to replay, and for whoever takes over to see what is done."""

from swarm.domain.frozen import Frozen


class Record(Frozen):
    agent: str
    version: str = ""
    model: str = ""
    tool: str = ""
    about: str = ""
    said: str = ""
    """What the agent said before the step; in the last one, its last words."""

    output: str = ""
    failed: bool = False
    read: int = 0
    cached: int = 0
    written: int = 0
    """Tokens since the step before, as far as the agent tells."""

    list_price: int = 0
    """Of these, in micro-USD."""

    finished: bool = False
    """The agent said that it is done."""

    weaker: tuple[str, ...] = ()
    """What the sandbox did not hold, for the agent's sake."""
