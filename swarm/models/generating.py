"""Gemini's protocol, as far as agents need it that speak it by themselves: what passes is reckoned.

We ask nothing in it ourselves, so of an answer only its end is read: whether it is whole, and its usage. The
model is named in the path, and the same path says that the answer is a stream.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from swarm.models.conversation import Stop, Usage
from swarm.models.decoding import count, object_of, read_object, text_of
from swarm.models.events import ServerEvent
from swarm.models.reckoned import Reckoning
from swarm.models.trouble import of_event

PATH = "/v1beta/models/{model}:streamGenerateContent?alt=sse"
_ENDS: Mapping[str, Stop] = {
    "STOP": "end",
    "MAX_TOKENS": "max-tokens",
    "SAFETY": "refusal",
    "PROHIBITED_CONTENT": "refusal",
    "BLOCKLIST": "refusal",
    "SPII": "refusal",
    "RECITATION": "refusal",
}


def headers(key: str) -> dict[str, str]:
    return {"x-goog-api-key": key} if key else {}


@dataclass(slots=True)
class Assembly(Reckoning):
    def feed(self, event: ServerEvent) -> bool:
        """True when it carried content. Raises Trouble."""
        told = read_object(event.data)
        if "error" in told:
            raise of_event(told)
        self.model = text_of(told.get("modelVersion")) or self.model
        self._reckon(object_of(told.get("usageMetadata")))
        candidates = told.get("candidates")
        first = object_of(candidates[0]) if isinstance(candidates, list) and candidates else {}
        blocked = text_of(object_of(told.get("promptFeedback")).get("blockReason"))
        if end := text_of(first.get("finishReason")) or blocked:
            self.stop, self.done = _ENDS.get(end, "refusal" if blocked else "unknown"), True
        return bool(first)

    def _reckon(self, usage: Mapping[str, object]) -> None:
        """Each piece repeats the counts so far."""
        if not usage:
            return
        read = count(usage.get("promptTokenCount")) + count(usage.get("toolUsePromptTokenCount"))
        cached = min(count(usage.get("cachedContentTokenCount")), read)
        said = count(usage.get("candidatesTokenCount")) + count(usage.get("thoughtsTokenCount"))
        self.usage = Usage(fresh=read - cached, cache_read=cached, output=said)
