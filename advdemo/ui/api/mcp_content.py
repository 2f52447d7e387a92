"""Replies for models: what Gradio's MCP server would send as one long text, with the pictures in it made visible."""

import base64
import io
import json
from typing import TYPE_CHECKING, Any

from PIL import Image

from advdemo.ui.fields import PNG
from advdemo.ui.service.pictures import decode_png

if TYPE_CHECKING:
    from mcp.types import ImageContent, TextContent

SCALE = 10  # 28 pixels are too few for a model's eye
MOST = 12  # pictures in one reply


def as_content(data: list[Any], root_url: str) -> "list[TextContent | ImageContent]":
    """The values that an endpoint returned as JSON, in which pictures stay data URLs that other tools take, then the
    first MOST of the pictures, enlarged, each with its name before it."""
    from mcp.types import ImageContent, TextContent  # only where a client has found the server

    content: list[TextContent | ImageContent] = [TextContent(type="text", text=json.dumps(one)) for one in data]
    for name, url in list(_pictures(data[0] if len(data) == 1 else data, ""))[:MOST]:
        content.append(TextContent(type="text", text=f"{name}:"))
        content.append(ImageContent(type="image", data=_enlarge(url), mimeType="image/png"))
    return content


def _pictures(value: Any, name: str) -> Any:
    """(Name, data URL) of each picture in plain JSON values."""
    if isinstance(value, str) and value.startswith(PNG):
        yield name.strip(), value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield from _pictures(part, f"{name} {key}")


def _enlarge(url: str) -> str:
    picture = decode_png(url)
    file = io.BytesIO()
    picture.resize((picture.width * SCALE, picture.height * SCALE), Image.Resampling.NEAREST).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()
