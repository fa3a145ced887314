"""One call to GitHub, and what its answer means to swarm.

githubkit is transport and authentication. Its own retries would repeat a write whose answer was lost,
its cache drops time-outs, its models refuse real answers: none of them is used. Writes stand in a
queue with a pause between them, as GitHub asks. A question that was asked before carries the entry tag
of its last answer: if nothing has changed it costs nothing.
"""

import asyncio
import functools
import http.client
import json
import math
import re
import ssl
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from swarm.domain.canonical import Json
from swarm.domain.errors import NeedsHuman, Rejected, SwarmError, Transient
from swarm.forge.github.calls import CALLS, Name, Way

if TYPE_CHECKING:
    from githubkit import AppAuthStrategy, GitHub, Response, TokenAuthStrategy

SECONDS = 30.0
"""For one call, all in all."""

VERSION = "2022-11-28"
"""Of GitHub's interface."""

PAUSE = 1.0
"""Seconds between two writes, at least."""

LONGEST_WAIT = 3600
"""However long GitHub says: after an hour one may look again."""

LARGEST = 25_000_000
"""Bytes of an answer that are looked at."""

LONGEST_TEXT = 200_000
"""Bytes of a log that are kept: its end."""

MOST_FETCHED = 50_000_000
_PIECE = 1 << 16
MOST_PAGES = 50
PAGE = 100
_USUAL_WAIT = 60
_SPACES = re.compile(r"\s+")

Query = Mapping[str, str | int]


class Unprocessable(Rejected):
    """GitHub understood and said no (422): most often because it is there already."""


class Moved(NeedsHuman):
    """It is elsewhere now: renamed, or transferred."""


@dataclass(slots=True)
class Pace:
    """One write after the other, also where several wires lead to the same forge."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    last_write: float = -math.inf


@dataclass(slots=True)
class Wire:
    api: str
    token: Callable[[], str]
    """Asked for at each call, in a thread: an installation's token lives for an hour."""

    login: Callable[[], str] | None = None
    """Whose token it is, where GitHub does not say so: an App's."""

    pause: float = PAUSE
    seconds: float = SECONDS
    dry: Callable[[str], None] | None = None
    """Told of every write, which then is not made."""

    asked: "Counter[str]" = field(default_factory=Counter)
    """Calls that counted, by name."""

    unchanged: int = 0
    """Calls that GitHub answered with "nothing new", and that count for nothing there."""

    pace: Pace = field(default_factory=Pace)
    _known: dict[str, tuple[str, Any]] = field(default_factory=dict)

    async def ask(
        self, name: Name, at: Query, *, query: Query | None = None, data: Json = None
    ) -> Any:
        """The answer's JSON. `at` fills the path.

        Raises Transient when it may work later, and when it is not known whether it did; NeedsHuman
        when we are not let in; Unprocessable and Rejected when it never will.
        """
        way = CALLS[name]
        path = way.path.format_map({key: quote(str(value), safe="/") for key, value in at.items()})
        if not way.writes:
            return await self._send(name, way, path, query or {}, data)
        if self.dry is not None:
            self.dry(f"{way.method} {path} {json.dumps(data)}")
            return {}
        async with self.pace.turn:
            await asyncio.sleep(self.pace.last_write + self.pause - time.monotonic())
            try:
                return await self._send(name, way, path, query or {}, data)
            finally:
                self.pace.last_write = time.monotonic()

    async def text(self, name: Name, at: Query) -> str:
        """The end of a text that GitHub has elsewhere, and sends us to. Our token does not go along.

        Raises as `ask`; Rejected for an address that is none of a forge's.
        """
        way = CALLS[name]
        path = way.path.format_map({key: quote(str(value), safe="/") for key, value in at.items()})
        answer = await self._answer(name, way, path, {}, None, {})
        self.asked[name] += 1
        if answer.status_code < 300:
            return str(answer.text)[-LONGEST_TEXT:]
        return await fetched(name, self.api, answer.headers.get("location", ""), self.seconds)

    async def everything(
        self, name: Name, at: Query, *, query: Query | None = None, within: str = ""
    ) -> list[Any]:
        """All pages of a list; `within` names the field that it is in."""
        found: list[Any] = []
        for page in range(1, MOST_PAGES + 1):
            answer = await self.ask(
                name, at, query={**(query or {}), "per_page": PAGE, "page": page}
            )
            items = answer.get(within, []) if within and isinstance(answer, dict) else answer
            if not isinstance(items, list):
                raise Transient(f"GitHub's answer to {name!r} is no list")
            found += items
            if len(items) < PAGE:
                break
        return found

    async def _send(self, name: Name, way: Way, path: str, query: Query, data: Json) -> Any:
        key = f"{path}?{sorted(query.items())}"
        known = self._known.get(key) if way.method == "GET" else None
        headers = {"If-None-Match": known[0]} if known else {}
        answer = await self._answer(name, way, path, query, data, headers)
        if answer.status_code == 304 and known is not None:
            self.unchanged += 1
            return known[1]
        self.asked[name] += 1
        read = _read(name, answer)
        if (tag := answer.headers.get("etag")) and way.method == "GET":
            self._known[key] = (tag, read)
        return read

    async def _answer(
        self,
        name: Name,
        way: Way,
        path: str,
        query: Query,
        data: Json,
        headers: Mapping[str, str],
    ) -> "Response[Any]":
        from githubkit import TokenAuthStrategy
        from githubkit.exception import GitHubException

        token = await asyncio.to_thread(self.token)
        github = _github(self.api, TokenAuthStrategy(token), self.seconds)
        try:
            async with asyncio.timeout(self.seconds):
                return await github.arequest(
                    way.method,
                    # Relative: the interface may live below a path of its own.
                    path.lstrip("/"),
                    params={key: str(value) for key, value in query.items()},
                    json=data,
                    headers={"X-GitHub-Api-Version": VERSION, **headers},
                )
        except TimeoutError as error:
            raise Transient(f"GitHub did not answer {name!r} within {self.seconds:g} s") from error
        except GitHubException as error:
            raise _translated(name, error) from error


def called_by_app(api: str, app: str, pem: str, name: Name, at: Query, data: Json) -> Any:
    """One call of an App about itself, signed by githubkit; from a thread. Raises as `Wire.ask`."""
    from githubkit import AppAuthStrategy
    from githubkit.exception import GitHubException

    way = CALLS[name]
    path = way.path.format_map({key: quote(str(value), safe="/") for key, value in at.items()})
    github = _github(api, AppAuthStrategy(app, pem), SECONDS)
    headers = {"X-GitHub-Api-Version": VERSION}
    try:
        answer = github.request(way.method, path.lstrip("/"), json=data, headers=headers)
    except GitHubException as error:
        raise _translated(name, error) from error
    return _read(name, answer)


def _github(api: str, auth: "TokenAuthStrategy | AppAuthStrategy", seconds: float) -> "GitHub[Any]":
    from githubkit import GitHub
    from githubkit.cache import MemCacheStrategy

    return GitHub(
        auth,
        base_url=api,
        timeout=seconds,
        ssl_verify=_trusted(),
        auto_retry=False,
        http_cache=False,
        # Its usual one is the whole process's, and knows an App's signature by the App's number alone:
        # two forges may have the same number.
        cache_strategy=MemCacheStrategy(),
        # To another host the token would go along; a renamed repository is found by its number.
        follow_redirects=False,
        async_event_hooks={"response": [_settle_waits]},
        event_hooks={"response": [_settle_waits_now]},
        user_agent="swarm",
    )


@functools.cache
def _trusted() -> ssl.SSLContext | bool:
    """Read once: with each call it would take twenty milliseconds. True: httpx brings its own list."""
    context = ssl.create_default_context()
    return context if context.cert_store_stats()["x509_ca"] else True


def _read(name: str, answer: "Response[Any]") -> Any:
    if answer.status_code == 204:
        return {}
    if answer.status_code >= 300:
        raise Moved(
            f"GitHub sends {name!r} to another address: the repository was renamed or moved",
            advice="use its new name: swarm doctor --repo OWNER/NAME",
        )
    if len(answer.content) > LARGEST:
        raise Rejected(f"the answer to {name!r} has {len(answer.content)} bytes: too many to read")
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        raise Transient(f"the answer to {name!r} is no JSON: is that GitHub?") from error


class _Stay(urllib.request.HTTPRedirectHandler):
    """An address that sends us on is not followed further."""

    def redirect_request(self, *args: Any, **others: Any) -> None:
        return None


async def fetched(name: str, api: str, address: str, seconds: float) -> str:
    """What is at a signed address, of which the last part is kept. No credential goes there.

    Raises Transient, and Rejected for what is no such address.
    """
    to, ours = urlsplit(address), urlsplit(api)
    if to.scheme != "https" and (to.scheme, to.netloc) != (ours.scheme, ours.netloc):
        raise Rejected(f"GitHub sends us for {name!r} to {address[:200]!r}, which is not https")
    try:
        return await asyncio.to_thread(_end_of, address, seconds)
    except (OSError, http.client.HTTPException) as error:
        raise Transient(f"{name!r} could not be fetched ({type(error).__name__})") from error


def _end_of(address: str, seconds: float) -> str:
    kept, until = b"", time.monotonic() + seconds
    opener = urllib.request.build_opener(_Stay)
    with opener.open(address, timeout=seconds) as answer:
        for _ in range(MOST_FETCHED // _PIECE):
            piece = answer.read(_PIECE)
            kept = (kept + piece)[-LONGEST_TEXT:]
            if not piece or time.monotonic() > until:
                break
    return kept.decode("utf-8", "replace")


# Errors -----------------------------------------------------------------------------------------


async def _settle_waits(response: Any) -> None:
    _settle_waits_now(response)


def _settle_waits_now(response: Any) -> None:
    """Githubkit fails on a Retry-After that is a date, and on numbers beyond all time."""
    wait = response.headers.get("retry-after")
    if wait is not None:
        response.headers["retry-after"] = str(seconds_of(wait, response.headers.get("date", "")))
    reset = response.headers.get("x-ratelimit-reset")
    if reset is not None and not (reset.isascii() and reset.isdigit() and len(reset) < 12):
        del response.headers["x-ratelimit-reset"]


def seconds_of(wait: str, date: str) -> int:
    """A Retry-After, in seconds or as a date, by the server's own clock; at most an hour."""
    text = wait.strip()
    if re.fullmatch(r"-?[0-9]+", text, re.ASCII):
        # A number with thousands of digits is no number to Python.
        return min(max(int(text[:12]), 1), LONGEST_WAIT)
    try:
        left = parsedate_to_datetime(text) - parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return _USUAL_WAIT
    return min(max(int(left.total_seconds()), 1), LONGEST_WAIT)


def _translated(name: Name, error: Exception) -> SwarmError:
    from githubkit.exception import (
        AuthCredentialError,
        AuthExpiredError,
        RateLimitExceeded,
        RequestFailed,
        RequestTimeout,
    )

    match error:
        case RateLimitExceeded():
            wait = min(
                max(error.retry_after, timedelta(seconds=1)), timedelta(seconds=LONGEST_WAIT)
            )
            return Transient(f"GitHub wants us to wait with {name!r}", retry_after=wait)
        case RequestFailed():
            response = error.response
            accepted = response.headers.get("x-accepted-github-permissions", "")
            return _from_status(name, response.status_code, _told(response.text), accepted)
        case AuthCredentialError() | AuthExpiredError():
            return NeedsHuman("GitHub does not accept our token", advice="swarm github login")
        case RequestTimeout():
            return Transient(f"GitHub did not answer {name!r} in time")
        case _:
            cause = error.__cause__ or error
            return Transient(f"GitHub cannot be reached for {name!r} ({type(cause).__name__})")


def _from_status(name: Name, status: int, told: str, accepted: str = "") -> SwarmError:
    """`accepted`: the permissions that GitHub says would be enough."""
    said = f"GitHub answers {name!r} with {status}: {told}"
    match status:
        case 401:
            return NeedsHuman(
                "GitHub does not accept our token: it was revoked, or has expired",
                advice="swarm github login",
            )
        case 403 if "rate limit" in told.lower() or "abuse" in told.lower():
            return Transient(said, retry_after=timedelta(seconds=_USUAL_WAIT))
        case 429:
            return Transient(said, retry_after=timedelta(seconds=_USUAL_WAIT))
        case 403 | 451:
            return NeedsHuman(said, advice=_permission(CALLS[name].needs, accepted))
        case 301 | 307 | 308 | 404 | 410:
            return Missing(said)
        case 422:
            return Unprocessable(said)
        case _ if status >= 500 or status in (408, 409):
            return Transient(said)
        case _:
            return Rejected(said)


def _permission(needed: str, accepted: str) -> str:
    """Which permission is missing, and where it is given."""
    names = accepted.replace("_", " ").replace("=", ": ").strip()[:200] or needed
    if not names:
        return "see what the token may do: swarm doctor --repo OWNER/NAME"
    return (
        f"the token lacks {names}. Of a fine-grained token: github.com/settings/personal-access-tokens,"
        " its name, Repository permissions. Of an App: its settings, Permissions & events; then accept"
        " that in the installation. What else may be missing: swarm doctor --repo OWNER/NAME"
    )


class Missing(Rejected):
    """It is not there, or we are not to know."""


def _told(text: str) -> str:
    """What an answer says, on one line."""
    try:
        data = json.loads(text)
    except ValueError:
        return _SPACES.sub(" ", text)[:200]
    if not isinstance(data, dict):
        return ""
    errors = data.get("errors")
    more = [_error(each) for each in errors] if isinstance(errors, list) else []
    return _SPACES.sub(" ", "; ".join([str(data.get("message", "")), *more]))[:500]


def _error(each: object) -> str:
    if isinstance(each, dict):
        return str(each.get("message") or f"{each.get('field')} {each.get('code')}")
    return str(each)
