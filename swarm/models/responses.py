"""The Responses protocol, as far as agents need it that speak it by themselves: what passes is reckoned.

We ask nothing in it ourselves, so of an answer only its end is read: whether it is whole, and its usage.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from swarm.models.conversation import Stop, Usage
from swarm.models.decoding import count, object_of, read_object, text_of
from swarm.models.events import ServerEvent
from swarm.models.reckoned import Reckoning
from swarm.models.trouble import of_event

PATH = "/responses"
_ENDS: Mapping[str, Stop] = {"response.completed": "end", "response.incomplete": "max-tokens"}


def headers(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


@dataclass(slots=True)
class Assembly(Reckoning):
    def feed(self, event: ServerEvent) -> bool:
        """True when it carried content. Raises Trouble."""
        if event.data == "[DONE]":
            return False
        told = read_object(event.data)
        kind = text_of(told.get("type"))
        if kind == "error":
            raise of_event({"error": told})
        if kind == "response.failed":
            raise of_event(object_of(told.get("response")))
        if kind in _ENDS:
            self._end(object_of(told.get("response")), _ENDS[kind])
        return kind not in ("response.created", "response.in_progress", "response.queued")

    def _end(self, response: Mapping[str, object], stop: Stop) -> None:
        usage = object_of(response.get("usage"))
        cached = count(object_of(usage.get("input_tokens_details")).get("cached_tokens"))
        self.usage = Usage(
            fresh=max(count(usage.get("input_tokens")) - cached, 0),
            cache_read=cached,
            output=count(usage.get("output_tokens")),
        )
        self.model, self.stop, self.done = text_of(response.get("model")), stop, True
