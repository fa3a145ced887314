"""Ways in which a forge lets one down, put between a client and the embedded forge.

A rule names the calls it is for and how often it strikes; what it does to each of them is one word.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Harm = Literal[
    "429 seconds", "429 date", "429 huge", "429 bare", "403 secondary", "403 primary",
    "500 before", "500 after", "502 page after", "silence before", "silence after", "cut after",
    "403 permission", "403 plan", "410 off", "nothing there", "200 page", "401", "half an answer",
]  # fmt: skip
_DATE = b"Tue, 14 Nov 2023 22:13:20 GMT"
_LATER = b"Tue, 14 Nov 2023 22:13:21 GMT"


@dataclass(slots=True)
class Fault:
    method: str
    path: str
    """A regular expression for the whole path."""

    harm: Harm
    times: int = 1


@dataclass(slots=True)
class Faults:
    app: App | None = None
    rules: list[Fault] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)
    """What was done to which call."""

    silence: float = 1.0
    """Seconds that nothing is said."""

    def around(self, app: App) -> App:
        self.app = app
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        rule = self._rule(scope)
        if rule is None:
            await self.app(scope, receive, send)
            return
        rule.times -= 1
        self.struck.append(f"{scope['method']} {scope['path']}: {rule.harm}")
        await self._harm(rule.harm, scope, receive, send)

    def _rule(self, scope: Scope) -> Fault | None:
        if scope["type"] != "http":
            return None
        for rule in self.rules:
            fits = re.fullmatch(rule.path, scope["path"]) is not None
            if rule.times > 0 and rule.method == scope["method"] and fits:
                return rule
        return None

    async def _harm(self, harm: Harm, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        if harm.endswith(" after"):
            # The effect takes place; what is said of it is lost.
            await self.app(scope, receive, _unheard)
        match harm.removesuffix(" after").removesuffix(" before"):
            case "silence":
                await asyncio.sleep(self.silence)
            case "cut":
                return
            case "502 page":
                await _say(send, 502, b"<html>Bad gateway</html>", {b"content-type": b"text/html"})
            case "200 page":
                await _say(
                    send, 200, b"<html>Please log in</html>", {b"content-type": b"text/html"}
                )
            case "nothing there":
                await _say(send, 200, b"[]", {})
            case "half an answer":
                await _say(send, 200, b'[{"id": 1}', {})
            case "500":
                await _say(send, 500, b'{"message": "Server Error"}', {})
            case "401":
                await _say(send, 401, b'{"message": "Bad credentials"}', {})
            case _:
                await _say(send, *_LIMITS[harm])


_LIMITS: dict[str, tuple[int, bytes, dict[bytes, bytes]]] = {
    "429 seconds": (429, b"{}", {b"retry-after": b"1"}),
    "429 date": (429, b"{}", {b"retry-after": _LATER, b"date": _DATE}),
    "429 huge": (429, b"{}", {b"retry-after": b"9" * 400}),
    "429 bare": (429, b"{}", {}),
    "403 secondary": (
        403,
        json.dumps({"message": "You have exceeded a secondary rate limit."}).encode(),
        {},
    ),
    "403 permission": (
        403,
        json.dumps({"message": "Resource not accessible by personal access token"}).encode(),
        {b"x-accepted-github-permissions": b"issues=write; pull_requests=write"},
    ),
    "403 plan": (
        403,
        json.dumps({"message": "Upgrade to GitHub Pro or make this repository public"}).encode(),
        {},
    ),
    "410 off": (410, json.dumps({"message": "Issues are disabled for this repo"}).encode(), {}),
    "403 primary": (
        403,
        json.dumps({"message": "API rate limit exceeded for user ID 1."}).encode(),
        {b"x-ratelimit-remaining": b"0", b"x-ratelimit-reset": b"99999999999999999999"},
    ),
}


async def _unheard(message: MutableMapping[str, Any]) -> None:
    return


async def _say(send: Send, status: int, body: bytes, headers: dict[bytes, bytes]) -> None:
    pairs = list(headers.items())
    pairs.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
