"""Files at addresses that name their content: browsers keep them and never ask again."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def kept(address: str, contents: Mapping[str, bytes]) -> Route:
    """GET `address`/<name>: one of `contents`, whose name changes whenever it does; 404 for another name."""

    async def get(request: Request) -> Response:
        content = contents.get(request.path_params["name"])
        if content is None:
            return PlainTextResponse("not here", 404)
        return Response(content, headers=FOR_EVER, media_type="application/octet-stream")

    return Route(f"{address}/{{name}}", get, methods=["GET"])
