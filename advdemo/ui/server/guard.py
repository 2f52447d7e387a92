"""Middleware that allow-lists Gradio's routes: only what the page and programs need of them is open, with limits, and
what would end its queue for everybody does not reach it."""

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from advdemo.ui.server.errors import ClosedError, ForeignError, RefusalError, shown
from advdemo.ui.server.replies import refuse
from advdemo.ui.server.routes import parse_json, read_body
from advdemo.ui.server.visitors import Limits, Streams, Visitor, visitor_of

# What may be posted: to Gradio's queue, a program's call, and leaving; no uploads, and no call past the queue.
OPEN = re.compile(r"/gradio_api/(queue/join|call/(v2/)?\w+|cancel|reset|mcp)/?|/(ask|follow)/[^/]*")
# What may be looked at: files, small replies, and what Gradio puts together anew each time, within milliseconds.
FILES = re.compile(r"/(web|assets|static)/.+")
SMALL = re.compile(
    r"/(theme\.css|favicon\.ico|robots\.txt|manifest\.json)|/gradio_api/(app_id|startup-events|theme\.css|mcp/?"
    r"|heartbeat/[\w-]{1,64}|queue/data|call/(v2/)?\w+/\w+/?)"
)
MADE = re.compile(r"/(config/?|pwa_icon/(192|512))?|/gradio_api/(info/?|openapi\.json|mcp/schema)")
MADE_COST = 10  # requests
if os.environ.get("GRADIO_WATCH_DIRS"):  # `gradio app.py`, whose page waits there for files to change
    SMALL = re.compile(f"{SMALL.pattern}|/gradio_api/dev/reload")
CALL = re.compile(r"/gradio_api/call/(v2/)?(\w+)/?")
MCP = re.compile(r"/gradio_api/mcp(/.*)?")
LOOPBACK = ("localhost", "127.0.0.1", "::1")  # names of this machine
GRADIO = re.compile(r"/gradio_api/.*")
STREAM = re.compile(r"/gradio_api/(?:queue/data|call/(?:v2/)?\w+/(\w+))/?")
ENVELOPE = ("session_hash", "oauth_token", "event_data", "trigger_id")  # beside the arguments
SESSION = re.compile(r"[\w-]{1,64}")


class Guard:
    """ASGI middleware. `endpoints` are those for programs: their arguments by name, and whether each must be given.
    `local()`: whether the server can be reached from its own machine alone."""

    def __init__(
        self,
        app: ASGIApp,
        limits: Limits,
        streams: Streams,
        endpoints: Mapping[str, Mapping[str, bool]],
        local: Callable[[], bool],
    ) -> None:
        self._app, self._limits, self._streams, self._endpoints, self._local = app, limits, streams, endpoints, local

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, await self._admit(Request(scope, receive)), watched)
        except Exception as error:
            if begun:
                raise
            if not isinstance(error, RefusalError):
                logging.getLogger(__name__).warning("Gradio took no such request", exc_info=error)
                error = RefusalError("errors.bad_call")
            await refuse(error, in_words=True)(scope, receive, send)

    async def _admit(self, request: Request) -> Receive:
        """Refuse what is closed and what is malformed; how to receive the rest."""
        path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
        if MCP.fullmatch(path):
            self._check_origin(request.headers)
        if request.method in ("GET", "HEAD"):
            self._look(request, path)
            return request.receive
        if not OPEN.fullmatch(path):
            raise RefusalError("errors.bad_call")
        return await self._check(request, path) if GRADIO.fullmatch(path) else request.receive

    def _look(self, request: Request, path: str) -> None:
        """Refuse to show what is closed; count the rest, but files."""
        if FILES.fullmatch(path):
            return
        made = MADE.fullmatch(path)
        if not made and not SMALL.fullmatch(path):
            raise ClosedError("errors.bad_call")
        self._limits.count(Visitor(visitor_of(request).address), MADE_COST if made else 1)
        if stream := STREAM.fullmatch(path):
            session = stream[1] or request.query_params.get("session_hash", "")
            if SESSION.fullmatch(session):  # others have no work that could wait for them
                self._streams.open(session)

    def _check_origin(self, headers: Headers) -> None:
        """Refuse what a page of another site has a visitor's browser send, also under a name of its own that it lets
        point to this machine (DNS rebinding)."""
        host, origin = headers.get("host", ""), headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc != host
        if foreign or (self._local() and urlsplit(f"//{host}").hostname not in LOOPBACK):
            raise ForeignError("errors.foreign")

    async def _check(self, request: Request, path: str) -> Receive:
        """Read a body for Gradio, refuse what its queue would stumble over, and hand it on."""
        body = await read_body(request)
        envelope = parse_json(body)
        session = envelope.get("session_hash")
        if session is not None and not (isinstance(session, str) and SESSION.fullmatch(session)):
            raise RefusalError("errors.bad_call")
        if call := CALL.fullmatch(path):
            self._check_call(call[2], envelope if call[1] else envelope.get("data"))
            if session is not None:  # whoever comes for the reply comes by the event's name, Gradio's own choice
                del envelope["session_hash"]
                body = json.dumps(envelope).encode()
        sent = False

        async def receive() -> Message:
            nonlocal sent
            if sent:
                return await request.receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        return receive

    def _check_call(self, name: str, given: object) -> None:
        """Refuse what no endpoint is called, and arguments, by name or in their order, that it does not have."""
        arguments = self._endpoints.get(name)
        if arguments is None:
            raise RefusalError("errors.unknown_endpoint", name=shown(name), names=", ".join(self._endpoints))
        if isinstance(given, list):
            given = dict(zip(arguments, given, strict=False)) if len(given) == len(arguments) else None
        if not isinstance(given, dict):
            raise RefusalError("errors.bad_arguments", names=", ".join(arguments))
        for key in given:
            if key not in arguments and key not in ENVELOPE:
                raise RefusalError("errors.unknown_key", name=shown(key), names=", ".join(arguments))
        for key, must in arguments.items():
            if must and key not in given:
                raise RefusalError("errors.missing_key", name=key)
