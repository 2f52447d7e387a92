"""HTTP as a load generator needs it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

KEPT = 4.0  # seconds that the server keeps a silent connection open, less a bit


class Connection:
    """HTTP over one kept connection, with as little work as can be: it shares the server's processor."""

    def __init__(self, port: int, page: str) -> None:
        self.port, self.page, self.streams, self.used = port, page, None, 0.0

    async def post(self, path: str, question: dict) -> tuple[int, bytes]:
        """(status, body)"""
        reader, status, headers = await self._send(path, question)
        return status, await reader.readexactly(int(headers[b"content-length"]))

    async def follow(self, path: str, question: dict) -> AsyncIterator[dict]:
        """The messages of long work; closing this closes the connection."""
        reader, status, headers = await self._send(path, question)
        try:
            if status != 200:
                yield {"error": await reader.readexactly(int(headers[b"content-length"]))}
                return
            while size := int(await reader.readline(), 16):
                for line in (await reader.readexactly(size + 2)).splitlines():
                    if line:
                        yield json.loads(line)
        finally:
            self.streams[1].close()
            self.streams = None

    async def _send(self, path: str, question: dict) -> tuple[asyncio.StreamReader, int, dict[bytes, bytes]]:
        if self.streams is None or time.perf_counter() - self.used > KEPT:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 24)
        self.used = time.perf_counter()
        reader, writer = self.streams
        body = json.dumps(question).encode()
        headers = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nx-advdemo-page: {self.page}"
        headers += f"\r\ncookie: advdemo={self.page}"  # by which nginx chooses a replica
        writer.write(f"POST {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n\r\n".encode() + body)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
        return reader, int(first.split()[1]), dict(line.lower().split(b": ", 1) for line in lines if line)
