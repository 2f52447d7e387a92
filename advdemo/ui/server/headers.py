"""Headers for browsers on every reply: what the page may load, who may frame it, and no credentials for other sites."""

import os

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HUB = "https://huggingface.co https://*.huggingface.co"
# Notebooks show the page in a frame. VS Code's pages have schemes of their own.
HERE = "http://localhost:* http://127.0.0.1:* https://localhost:* https://127.0.0.1:* vscode-webview: vscode-file:"


def security_headers() -> dict[str, str]:
    """The headers. Hugging Face's page may frame a Space, where Gradio's own header asks it for the Space's name; pages
    of the visitor's own machine may frame anything else."""
    hub = HUB if "SPACE_ID" in os.environ else ""
    allowed = {
        "default-src": "'self'",
        "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio's page begins with scripts, and uses Function
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob: {hub}",
        "font-src": "'self' data:",
        "connect-src": f"'self' {hub}",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": f"'self' {hub or HERE}",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{what} {sources.strip()}" for what, sources in allowed.items()),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
    }


class Headers:
    """ASGI middleware that sets them. To be the outermost: Gradio's lets any origin send a visitor's cookies."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._headers = app, security_headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                del headers["Access-Control-Allow-Credentials"]
            await send(message)

        await self._app(scope, receive, with_headers)
