"""Photo in Explore: the digits in a picture of the visitor's."""

import io
from typing import Any

from advdemo.images.greys import as_bytes
from advdemo.images.photo import digits_in
from advdemo.images.picture import open_picture
from advdemo.ui.requests import PhotoRequest
from advdemo.ui.server.errors import RefusalError, refusing
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service import Service


async def find_in_photo(service: Service, visitor: Visitor, request: PhotoRequest) -> dict[str, Any]:
    """{"width", "height": of the picture as it was looked at, at most 1,000 pixels, "cut": whether the end of its file
    is missing, "digits": in reading order, each {"box": [left, top, right, bottom] in those pixels, "pixels": uint8
    (28, 28)}}. RefusalError when it is no picture, or shows no digit."""

    def work(_: object) -> dict[str, Any]:
        with refusing("errors.photo_unreadable"):
            picture = open_picture(io.BytesIO(request.file), name="it")
        found = digits_in(picture)
        if not found:
            raise RefusalError("errors.no_digit")
        height, width = picture.pixels.shape[:2]
        digits = [{"box": list(one.box), "pixels": as_bytes(one.image[0])} for one in found]
        return {"width": width, "height": height, "cut": picture.cut, "digits": digits}

    return await service.slow.run(visitor, "photo", work)
