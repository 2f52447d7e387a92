"""Files at addresses that name their content: browsers keep them and need not ask again.

`Kept` holds single contents, each at an address of its own. `Files` holds files that refer to one another, under one
address that changes with any of them.
"""

import hashlib
import math
import mimetypes
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from starlette.responses import PlainTextResponse, Response

FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
ASK_FIRST = {"Cache-Control": "no-cache"}
EVERY = 1.0  # seconds between two looks at the folders
KEPT = "web/kept"  # relative to the page
TYPES = {".js": "text/javascript", ".webp": "image/webp"}  # whatever the machine has them for


class Kept:
    """Contents by name: their SHA-256 and a suffix."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}

    def keep(self, content: bytes, suffix: str) -> str:
        """The address of a content, relative to the page: `web/kept/<SHA-256><suffix>`, the same in all replicas."""
        name = hashlib.sha256(content).hexdigest() + suffix
        self._contents[name] = content
        return f"{KEPT}/{name}"

    def respond(self, name: str) -> Response:
        """404 for a name that is not known."""
        return _respond(self._contents.get(name), name, FOR_EVER)


class Files:
    """Files by path, read again when one of the folders changes: who edits them need not start the server anew."""

    def __init__(self, folders: Iterable[Path], read: Callable[[], Mapping[str, bytes]]) -> None:
        self._folders, self._read = tuple(folders), read
        self._seen: list[tuple[str, int]] | None = None
        self._files: Mapping[str, bytes] = {}
        self._version, self._looked = "", -math.inf

    def version(self) -> str:
        """A name of their content, 16 hexadecimal digits, the same in all replicas."""
        if time.monotonic() - self._looked > EVERY:
            self._look()
        return self._version

    def _look(self) -> None:
        self._looked = time.monotonic()
        paths = (path for folder in self._folders for path in sorted(folder.rglob("*.*")))
        seen = [(str(path), path.stat().st_mtime_ns) for path in paths]
        if seen == self._seen:
            return
        self._files, self._seen = self._read(), seen
        parts = (part for path, content in sorted(self._files.items()) for part in (path.encode(), content))
        self._version = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    def respond(self, path: str) -> Response:
        """The file at `<version>/<path>`, to be kept. Under another version, which an open page may ask for, or none:
        the file as it is now, which is not kept. 404 where there is none."""
        current = self.version()
        version, _, rest = path.partition("/")
        if version == current:
            return _respond(self._files.get(rest), rest, FOR_EVER)
        name = path if path in self._files else rest
        return _respond(self._files.get(name), name, ASK_FIRST)


def _respond(content: bytes | None, name: str, headers: Mapping[str, str]) -> Response:
    if content is None:
        return PlainTextResponse("no such file", 404)
    kind = TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(content, headers=dict(headers), media_type=kind)
