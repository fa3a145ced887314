"""GitHub Apps in front of the embedded forge: installations, tokens for an hour, what they may do.

It answers the calls by which an App gets its tokens, as GitHub does, and lets each token do what it was
asked for: in its one repository, and no more. Whoever comes with a person's token passes through.
"""

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from swarm.testing.forge import REPOSITORY, token_of
from swarm.testing.forge_faults import App, Receive, Scope, Send

SLUG = "swarm-app"
BOT = f"{SLUG}[bot]"
APP, INSTALLATION = "12345", 77

_AREAS = (
    ("contents", r"/(?:branches/[^/]+|contents/.*|compare/.*)"),
    ("administration", r"/branches/.+/protection"),
    ("issues", r"/issues(?:/.*)?"),
    ("pull_requests", r"/pulls(?:/.*)?"),
    ("statuses", r"/(?:statuses/.*|commits/[^/]+/status)"),
    ("checks", r"/(?:commits/[^/]+/check-runs|check-runs)"),
    ("actions", r"/actions/.*"),
    ("metadata", r"|/rules/.*|/collaborators/.*|/labels"),
)


def a_key(folder: Path) -> Path:
    """An App's private key, made anew, and its public half beside it."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = folder / "app.pem"
    key.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    (folder / "app.pub").write_bytes(
        made.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return key


@dataclass(slots=True)
class Apps:
    public: Path
    """The App's public key: what GitHub knows it by."""

    now: int
    """Seconds since 1970, as this GitHub's clock says."""

    allowed: dict[str, str]
    """What the owner of the repository has let the App do."""

    installed: bool = True
    app: App | None = None
    grants: dict[str, dict[str, str]] = field(default_factory=dict)
    """Tokens that were given, and what each may do."""

    refused: list[str] = field(default_factory=list)
    """What a token wanted to do and may not."""

    def around(self, app: App) -> App:
        self.app = app
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, method = scope["path"], scope["method"]
        secret = _secret_of(scope)
        if path == f"/repos/{REPOSITORY}/installation":
            await self._of_the_app(secret, send, self._installation())
        elif path == f"/app/installations/{INSTALLATION}/access_tokens":
            asked = json.loads(await _body(receive))
            await self._of_the_app(secret, send, self._granted(asked))
        elif secret in self.grants:
            await self._as_the_bot(secret, method, path, scope, receive, send)
        elif secret.startswith("ghs_"):
            await _say(send, 401, {"message": "Bad credentials"})
        else:
            await self.app(scope, receive, send)

    async def _of_the_app(self, secret: str, send: Send, answer: tuple[int, Any]) -> None:
        if self._is_the_app(secret):
            await _say(send, *answer)
        else:
            await _say(send, 401, {"message": "A JSON web token could not be decoded"})

    def _is_the_app(self, token: str) -> bool:
        """Signed by its key, not from the future, not old, and for no longer than ten minutes."""
        key = self.public.read_bytes()
        try:
            claims = jwt.decode(
                token, key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
            )
        except jwt.InvalidTokenError:
            return False
        fits = claims["iat"] <= self.now <= claims["exp"] <= claims["iat"] + 600
        return bool(fits and claims["iss"] == APP)

    def _installation(self) -> tuple[int, Any]:
        if not self.installed:
            return 404, {"message": "Not Found"}
        return 200, {"id": INSTALLATION, "app_slug": SLUG, "suspended_at": None}

    def _granted(self, asked: dict[str, Any]) -> tuple[int, Any]:
        wanted = asked["permissions"]
        if asked["repositories"] != [REPOSITORY.split("/")[1]] or any(
            (word == "write" and self.allowed.get(name) != "write") or name not in self.allowed
            for name, word in wanted.items()
        ):
            return 422, {
                "message": "The permissions requested are not granted to this installation."
            }
        token = f"ghs_{len(self.grants) + 1}"
        self.grants[token] = wanted
        return 201, {"token": token, "expires_at": "2026-11-21T11:00:00Z", "permissions": wanted}

    async def _as_the_bot(
        self, secret: str, method: str, path: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        assert self.app is not None
        query = scope["query_string"].decode()
        if not _may(self.grants[secret], method, path, query):
            self.refused.append(f"{method} {path}")
            await _say(send, 403, {"message": "Resource not accessible by integration"})
            return
        bearer = (b"authorization", f"Bearer {token_of(BOT)}".encode())
        others = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
        await self.app({**scope, "headers": [*others, bearer]}, receive, send)


def _may(grant: dict[str, str], method: str, path: str, query: str) -> bool:
    if path == "/graphql" or path.startswith("/users/"):
        return True
    if path == "/user":
        return False
    if path.startswith(f"/{REPOSITORY}.git/"):
        pushes = "git-receive-pack" in path + query
        return grant.get("contents") in (("write",) if pushes else ("read", "write"))
    if not path.startswith(f"/repos/{REPOSITORY}"):
        return False
    rest = path.removeprefix(f"/repos/{REPOSITORY}")
    area = next((name for name, pattern in _AREAS if re.fullmatch(pattern, rest)), "nothing")
    return grant.get(area) in (("read", "write") if method == "GET" else ("write",))


def _secret_of(scope: Scope) -> str:
    header: bytes = dict(scope["headers"]).get(b"authorization", b"")
    held = header.decode()
    kind, _, secret = held.partition(" ")
    if kind.lower() == "basic":
        return base64.b64decode(secret).decode().partition(":")[2]
    return secret


async def _body(receive: Receive) -> bytes:
    read = bytearray()
    while True:
        message = await receive()
        read += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(read)


async def _say(send: Send, status: int, answer: Any) -> None:
    body = json.dumps(answer).encode()
    pairs = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
