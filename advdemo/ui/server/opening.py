"""Middleware for a quick opening over a slow connection: the page's HTML says at once what it will need and travels
compressed, or not at all where the browser has it, and what names its content is not asked for again."""

import gzip
import hashlib
import re
from collections.abc import Callable
from functools import lru_cache

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from advdemo.ui.server.files import ASK_FIRST, FOR_EVER

NAMES_ITS_CONTENT = re.compile(r".*/assets/[^/]+-[\w-]{8}\.(js|css)|.*/theme\.css")  # Gradio's; `theme.css?v=<hash>`
BASE = re.compile(rb"<base [^>]*>")


class Opening:
    """ASGI middleware. `head()` is put into every HTML page, after its <base>."""

    def __init__(self, app: ASGIApp, head: Callable[[], str]) -> None:
        self._app, self._head = app, head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        page: Message | None = None
        body = bytearray()

        async def opened(message: Message) -> None:
            nonlocal page
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    page = message
                    return
                if message["status"] == 200 and NAMES_ITS_CONTENT.fullmatch(scope["path"]):
                    headers.update(FOR_EVER)
            elif page:
                body.extend(message.get("body", b""))
                if not message.get("more_body"):
                    content = self._finish(page, bytes(body), Headers(scope=scope))
                    await send(page)
                    await send({"type": "http.response.body", "body": content})
                return
            await send(message)

        await self._app(scope, receive, opened)

    def _finish(self, page: Message, html: bytes, asked: Headers) -> bytes:
        """The body to send; the page's headers and status are set to match."""
        html, zipped, tag = _prepare(html, self._head())
        headers = MutableHeaders(scope=page)
        headers.update(ASK_FIRST | {"ETag": tag, "Vary": "Accept-Encoding"})
        if "gzip" in asked.get("accept-encoding", ""):
            headers["Content-Encoding"], html = "gzip", zipped
        if page["status"] == 200 and tag in asked.get("if-none-match", ""):
            page["status"], html = 304, b""
        headers["Content-Length"] = str(len(html))
        return html


@lru_cache(maxsize=4)
def _prepare(html: bytes, head: str) -> tuple[bytes, bytes, str]:
    """(The page with `head` in it, the same compressed, its entity tag)."""
    html = BASE.sub(lambda base: base[0] + head.encode(), html, count=1)
    return html, gzip.compress(html), f'W/"{hashlib.sha256(html).hexdigest()[:16]}"'
