"""Everything that can go wrong between us and a model, by name, and what to do about each.

A provider's words decide first, then its status, then what the connection did. What is unknown counts
as something that may work later, and the number of tries is bounded.
"""

import email.utils
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

from swarm.domain.errors import Lacking, NeedsHuman, Rejected, SwarmError, Transient

Kind = Literal[
    "rate-limited", "overloaded", "server-error", "network", "tls", "redirected",
    "no-first-word", "fell-silent", "took-too-long", "cut-off", "garbage", "too-much",
    "unauthorised", "forbidden", "unpaid", "no-such-model", "invalid", "too-large", "refused",
    "breaker-open",
]  # fmt: skip

LATER: frozenset[Kind] = frozenset(
    {
        "rate-limited", "overloaded", "server-error", "network", "no-first-word", "fell-silent",
        "took-too-long", "cut-off", "garbage", "breaker-open",
    }
)  # fmt: skip
"""May work later, with the same words."""

HUMAN: frozenset[Kind] = frozenset(
    {"unauthorised", "forbidden", "unpaid", "no-such-model", "redirected"}
)
MOST_WAIT = timedelta(hours=1)
"""No provider makes us wait longer at once, whatever it says."""

SHOWN = 300
"""Characters of a provider's own words."""

_TYPES: Mapping[str, Kind] = {
    "overloaded_error": "overloaded",
    "rate_limit_error": "rate-limited",
    "rate_limit_exceeded": "rate-limited",
    "api_error": "server-error",
    "server_error": "server-error",
    "timeout_error": "server-error",
    "authentication_error": "unauthorised",
    "invalid_api_key": "unauthorised",
    "permission_error": "forbidden",
    "billing_error": "unpaid",
    "insufficient_quota": "unpaid",
    "not_found_error": "no-such-model",
    "model_not_found": "no-such-model",
    "request_too_large": "too-large",
    "context_length_exceeded": "too-large",
    "content_filter": "refused",
    "conflict_error": "server-error",
    "invalid_request_error": "invalid",
    "RESOURCE_EXHAUSTED": "rate-limited",
    "UNAVAILABLE": "overloaded",
    "INTERNAL": "server-error",
    "DEADLINE_EXCEEDED": "server-error",
    "UNAUTHENTICATED": "unauthorised",
    "PERMISSION_DENIED": "forbidden",
    "NOT_FOUND": "no-such-model",
    "INVALID_ARGUMENT": "invalid",
}
_CODES: Mapping[str, Kind] = {
    "contract_spend_limit_reached": "unpaid",
    "enforced_spend_limit_reached": "unpaid",
    "linked_organization_billing_unavailable": "unpaid",
    "linked_organization_spend_limit_reached": "unpaid",
    "organization_on_hold": "forbidden",
    "organization_type_not_supported": "forbidden",
    "parent_organization_required": "forbidden",
    "sandbox_egress_restricted": "forbidden",
    "cmek_key_disabled": "forbidden",
    "cmek_key_network_blocked": "forbidden",
    "request_body_too_large_after_decoding": "too-large",
}
"""The cause, where a provider names it: a spent limit comes as a rate limit, and no waiting helps."""

_STATUS: Mapping[int, Kind] = {
    400: "invalid", 401: "unauthorised", 402: "unpaid", 403: "forbidden", 404: "no-such-model",
    408: "server-error", 409: "server-error", 413: "too-large", 422: "invalid",
    429: "rate-limited", 503: "overloaded", 529: "overloaded",
}  # fmt: skip
_ADVICE: Mapping[Kind, str] = {
    "unauthorised": "give a key that is valid: ANTHROPIC_API_KEY or OPENAI_API_KEY",
    "forbidden": "the key may not do this: ask whoever gave it",
    "unpaid": "the provider wants to be paid: look at its billing page",
    "no-such-model": "name another model: --model",
    "redirected": "the address of the model is not right: --base-url",
    "tls": "the certificate is not accepted here: set SSL_CERT_FILE, or ask who runs the network",
}


class Trouble(Exception):
    """One failed call; stays below the gateway, which turns it into what to do."""

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        wait: timedelta | None = None,
        billed: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.message = message
        self.wait = wait
        self.billed = billed
        """The provider had begun to answer: it may want to be paid for all that was reserved."""

        self.cost = 0
        """What that came to, in micro-USD; the gateway fills it in."""

    @property
    def passes(self) -> bool:
        return self.kind in LATER


def of_response(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Trouble:
    """What a response means that is no answer."""
    kind, words = _told(body)
    if 300 <= status < 400:
        kind = "redirected"
    elif kind is None or (kind == "invalid" and status in (401, 402, 403, 404, 413, 429)):
        kind = _STATUS.get(status, "server-error" if status >= 500 else "invalid")
    if kind == "invalid" and "prompt is too long" in words:
        kind = "too-large"
    return Trouble(kind, f"{kind} ({status}): {words}".rstrip(": "), wait=waiting(headers, now))


def of_event(body: object) -> Trouble:
    """An error in the middle of a stream."""
    kind, words = _of_document(body)
    return Trouble(kind or "server-error", f"{kind or 'error'} in mid-answer: {words}", billed=True)


def _told(body: bytes) -> tuple[Kind | None, str]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None, _shown(body.decode("utf-8", "replace"))
    return _of_document(document)


def _of_document(document: object) -> tuple[Kind | None, str]:
    error = document.get("error") if isinstance(document, dict) else None
    if isinstance(error, str):
        return None, _shown(error)
    if not isinstance(error, dict):
        return None, ""
    details = error.get("details")
    cause = details.get("error_code") if isinstance(details, dict) else None
    if isinstance(cause, str) and cause in _CODES:
        return _CODES[cause], _shown(str(error.get("message", "")))
    named = (error.get("code"), error.get("type"), error.get("status"))
    kind = next((_TYPES[each] for each in named if isinstance(each, str) and each in _TYPES), None)
    return kind, _shown(str(error.get("message", "")))


def _shown(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)[:SHOWN]


def waiting(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """What `Retry-After` asks for, in seconds or as a date; at most `MOST_WAIT`, never negative."""
    told = headers.get("retry-after", "").strip()
    if not told:
        return None
    try:
        seconds = float(told)
    except ValueError:
        return _until(told, now)
    if seconds != seconds:
        return None
    return timedelta(seconds=min(max(seconds, 0.0), MOST_WAIT.total_seconds()))


def _until(told: str, now: datetime) -> timedelta | None:
    try:
        moment = email.utils.parsedate_to_datetime(told)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), MOST_WAIT)


def raised(trouble: Trouble, name: str) -> SwarmError:
    """What to do about it, for whoever asked. `name`: of the route."""
    told = (
        trouble.message if trouble.kind in trouble.message else f"{trouble.kind}: {trouble.message}"
    )
    text = f"the model `{name}`: {told}"
    advice = _ADVICE.get(trouble.kind, "")
    if trouble.kind in LATER:
        return Transient(text, retry_after=trouble.wait)
    if trouble.kind in HUMAN:
        return NeedsHuman(text, advice=advice)
    if trouble.kind == "tls":
        return Lacking(text, advice=advice)
    return Rejected(text, advice=advice)
