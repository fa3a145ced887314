"""The web application: who calls, whether they may, what is answered; and git, passed on to git.

Answers carry entry tags: whoever asks again for what has not changed is told so, and that costs none
of the calls that an hour allows. Calls are worked on one at a time, as in one database transaction.
"""

import asyncio
import base64
import hashlib
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import IO, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from swarm.domain.errors import SwarmError
from swarm.forge.served.calling import Call, Refused, Reply
from swarm.forge.served.metering import PER_HOUR, Meter
from swarm.forge.served.routes import ROUTES, Handler
from swarm.forge.served.values import Account, Repository, Role
from swarm.forge.served.world import NOBODY, GitRequest, World

MOST_BODY = 1 << 20
MOST_DEPTH = 100
PAGE, MOST_PAGE = 30, 100
_CHUNK = 1 << 16
_GIT = ("info/refs", "git-upload-pack", "git-receive-pack", "HEAD", "objects/{rest:path}")


def application(world: World) -> Starlette:
    desk = _Desk(world, world.meter, asyncio.Lock())
    routes = [
        Route(prefix + path, desk.endpoint(handler, least), methods=[method])
        # GitHub Enterprise and those who expect it have the interface below /api/v3.
        for prefix in ("", "/api/v3")
        for method, path, least, handler in ROUTES
    ]
    routes += [
        Route(f"/{{owner}}/{{repo}}.git/{path}", desk.git, methods=["GET", "POST"]) for path in _GIT
    ]
    return Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found})


async def _not_found(request: Request, error: Exception) -> Response:
    return _response(Reply({"message": "Not Found", "documentation_url": ""}, 404))


@dataclass(frozen=True, slots=True)
class _Desk:
    world: World
    meter: Meter
    turn: asyncio.Lock

    def endpoint(self, handler: Handler, least: Role) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                reply = await self._reply(request, handler, least)
            except Refused as error:
                reply = _refusal(error)
            except SwarmError as error:
                # Git is busy, or has no room: GitHub has such moments, too.
                reply = Reply({"message": f"{error}"}, 503)
            return self._metered(request, reply)

        return answer

    async def _reply(self, request: Request, handler: Handler, least: Role) -> Reply:
        account = self._who(request)
        data = await _data(request)
        base = f"{request.url.scheme}://{request.url.netloc}"
        at = {key: str(value) for key, value in request.path_params.items()}
        async with self.turn:
            # Looked up when it is this call's turn: the one before may have changed the repository.
            found = self._repository(request.path_params, account, least, request.method)
            call = Call(account, at, dict(request.query_params), data, base, found)
            return await asyncio.to_thread(handler, self.world, call)

    def _who(self, request: Request) -> Account:
        """Raises Refused (401) for a token that nobody has; without one it is nobody."""
        header = request.headers.get("authorization", "")
        kind, _, secret = header.partition(" ")
        if not header:
            return NOBODY
        if kind.lower() == "basic":
            _, _, secret = _decoded(secret).partition(":")
        account = self.world.who(secret.strip())
        if account is None:
            raise Refused(401, "Bad credentials")
        return account

    def _repository(
        self, at: dict[str, Any], account: Account, least: Role, method: str
    ) -> Repository | None:
        if "repo" not in at:
            return None
        found = self.world.repository(f"{at['owner']}/{at['repo']}")
        if found is None or not self.world.may(found, account, "read"):
            raise Refused(404, "Not Found")
        if method != "GET" and not account.login:
            raise Refused(401, "Requires authentication")
        if method != "GET" and found.archived:
            raise Refused(403, "Repository was archived so is read-only.")
        if not self.world.may(found, account, least):
            status = 404 if method == "GET" else 403
            raise Refused(status, "Resource not accessible by personal access token")
        return found

    def _metered(self, request: Request, reply: Reply) -> Response:
        login, now = self._login(request), self.world.now()
        left = self.meter.left(login, now)
        response = _paged(request, reply) if reply.status == 200 else _response(reply)
        if request.method == "GET" and reply.status == 200:
            tag = f'W/"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
            if request.headers.get("if-none-match") == tag:
                response = Response(status_code=304)
            response.headers["etag"] = tag
        if response.status_code != 304:
            if left <= 0:
                response = _response(Reply({"message": "API rate limit exceeded"}, 403))
            self.meter.count(login)
        response.headers["x-ratelimit-limit"] = str(PER_HOUR)
        response.headers["x-ratelimit-remaining"] = str(max(0, self.meter.left(login, now)))
        response.headers["x-ratelimit-reset"] = str((now // 3600 + 1) * 3600)
        return response

    def _login(self, request: Request) -> str:
        try:
            return self._who(request).login
        except Refused:
            return ""

    # Git ----------------------------------------------------------------------------------------

    async def git(self, request: Request) -> Response:
        try:
            called = self._git_request(request)
        except Refused as error:
            return _git_refusal(error)
        out = tempfile.TemporaryFile()  # noqa: SIM115 - closed when its last byte was sent
        with tempfile.TemporaryFile() as body:
            async for chunk in request.stream():
                await asyncio.to_thread(body.write, chunk)
            try:
                reply = await asyncio.to_thread(self.world.ground.answer, called, body, out)
            except SwarmError as error:
                out.close()
                return Response(str(error), 500)
        out.seek(reply.begins)
        headers = {name: value for name, value in reply.headers if name.lower() != "content-length"}
        return StreamingResponse(_rest(out), reply.status, headers)

    def _git_request(self, request: Request) -> GitRequest:
        account = self._who(request)
        name = f"{request.path_params['owner']}/{request.path_params['repo']}"
        found = self.world.repository(name)
        if found is None or not self.world.may(found, account, "read"):
            raise Refused(404 if account.login else 401, "Repository not found.")
        query = request.url.query
        if "git-receive-pack" in f"{request.url.path}?{query}":
            if not account.login:
                raise Refused(401, "Requires authentication")
            if found.archived or not self.world.may(found, account, "write"):
                raise Refused(403, f"Permission to {found.name}.git denied to {account.login}.")
        first = (*found.aliases, found.name)[0]
        rest = request.url.path.split(".git/", 1)[1]
        binding = any(each.admins for each in found.protections.values())
        return GitRequest(
            method=request.method,
            path=f"/{first}.git/{rest}",
            query=query,
            content_type=request.headers.get("content-type", ""),
            encoding=request.headers.get("content-encoding", ""),
            protocol=request.headers.get("git-protocol", ""),
            user=account.login,
            bypass=self.world.may(found, account, "admin") and not binding,
        )


async def _rest(out: IO[bytes]) -> AsyncIterator[bytes]:
    with out:
        while chunk := await asyncio.to_thread(out.read, _CHUNK):
            yield chunk


def _git_refusal(error: Refused) -> Response:
    headers = {"www-authenticate": 'Basic realm="forge"'} if error.status == 401 else {}
    return Response(f"{error}\n", error.status, headers, media_type="text/plain")


async def _data(request: Request) -> Any:
    """Raises Refused for what is too large, or no JSON."""
    read = bytearray()
    async for chunk in request.stream():
        read += chunk
        if len(read) > MOST_BODY:
            raise Refused(413, "Payload too large")
    try:
        return json.loads(bytes(read)) if read else None
    except (ValueError, RecursionError) as error:
        raise Refused(400, "Problems parsing JSON") from error


def _decoded(secret: str) -> str:
    try:
        return base64.b64decode(secret, validate=True).decode()
    except ValueError:
        return ""


def _refusal(error: Refused) -> Reply:
    told: dict[str, Any] = {"message": str(error), "documentation_url": ""}
    if error.errors:
        told["errors"] = list(error.errors)
    return Reply({**told, "status": str(error.status)}, error.status)


def _response(reply: Reply) -> Response:
    if reply.status == 204:
        return Response(status_code=204, headers=reply.headers)
    if isinstance(reply.data, bytes):
        return Response(reply.data, reply.status, reply.headers, media_type="text/plain")
    text = json.dumps(reply.data)
    return Response(text, reply.status, reply.headers, media_type="application/json; charset=utf-8")


def _paged(request: Request, reply: Reply) -> Response:
    if not isinstance(reply.data, list):
        return _response(reply)
    size = min(_count(request, "per_page", PAGE), MOST_PAGE)
    page = _count(request, "page", 1)
    response = _response(Reply(reply.data[(page - 1) * size : page * size]))
    if page * size < len(reply.data):
        following = request.url.include_query_params(page=page + 1, per_page=size)
        response.headers["link"] = f'<{following}>; rel="next"'
    return response


def _count(request: Request, name: str, usual: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and 0 < int(text) < 10**6 else usual
