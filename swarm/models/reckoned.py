"""What the protocols share that only agents speak by themselves: nothing is asked in them, and of an answer
only its end is read, whether it is whole, and its usage.
"""

from dataclasses import dataclass

from swarm.domain.errors import Rejected
from swarm.models.conversation import Answer, Ask, Stop, Usage
from swarm.models.trouble import Trouble


def encode(ask: Ask, model: str) -> bytes:
    raise Rejected(
        f"the model `{ask.engine}` is an agent's own", advice="--engine openai asks one for swarm"
    )


@dataclass(slots=True)
class Reckoning:
    """What is known of an answer that passes."""

    done: bool = False
    stop: Stop = "end"
    model: str = ""
    usage: Usage = Usage()  # noqa: RUF009 - frozen

    def answer(self) -> Answer:
        if not self.done:
            raise Trouble("cut-off", "the answer broke off", billed=True)
        return Answer(blocks=(), stop=self.stop, usage=self.usage, model=self.model)
