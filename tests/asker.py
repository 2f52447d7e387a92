"""A visitor without a browser, and what one sends."""

import base64
import http.client
import io
import json
import struct
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from safetensors.numpy import load


class Asker:
    """One visitor at an address of its own, over one connection."""

    def __init__(self, url, page, address):
        self.response = None
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)
        self.headers = {"content-type": "application/json", "x-advdemo-page": page, "x-forwarded-for": address}

    def post(self, path, body):
        content = body if isinstance(body, bytes) else json.dumps(body)
        self.connection.request("POST", path, content, self.headers)
        self.response = self.connection.getresponse()
        return self.response

    def ask(self, name, question):
        """(status, reply): its arrays put in place, or the error."""
        response = self.post(f"/ask/{name}", question)
        content = response.read()
        return response.status, unpack(content) if response.status == 200 else json.loads(content)["error"]

    def follow(self, name, question):
        response = self.post(f"/follow/{name}", question)
        while line := response.readline():
            yield json.loads(line)
        response.read()

    def close(self):
        """Leave, even in the middle of an answer."""
        if self.response is not None:
            self.response.close()
        self.connection.close()


def unpack(content):
    """The reply in a safetensors file, as ui/server/replies.py describes it."""
    (length,) = struct.unpack("<Q", content[:8])
    reply = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["reply"])
    for path, array in load(content).items():
        *steps, last = (int(step) if step.isdecimal() else step for step in path.split("."))
        holder = reply
        for step in steps:
            holder = holder[step]
        holder[last] = array
    return reply


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def pixels_of(image):
    return base64.b64encode((image * 255).byte().numpy().tobytes()).decode()


def drawing_of(image):
    return png(np.kron((image[0] * 255).byte().numpy(), np.ones((10, 10), np.uint8)))
