"""What the page is made of and how it is served: once, compressed, at addresses that name the content."""

import gzip
import http.client
import re
import zlib
from urllib.parse import urlsplit

import numpy as np
import pytest

from advdemo.images.greys import as_bytes
from advdemo.ui.server.files import Files
from advdemo.ui.service import Service
from advdemo.ui.service.networks import Networks
from advdemo.ui.tabs.board import UNKNOWN, make_board

ADDRESS = re.compile(r'<script type="module" async id="advdemo" src="(web/[0-9a-f]{16})/modules\.js"></script>')


@pytest.fixture
def get(app_url):
    """get(path, **headers) -> (status, headers, body as it travelled)"""
    connection = http.client.HTTPConnection(urlsplit(app_url).netloc, timeout=60)

    def get(path, **headers):
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()

    yield get
    connection.close()


def test_the_page_travels_compressed_and_once(get):
    status, headers, plain = get("/")
    assert (status, headers["content-encoding"]) == (200, None)
    status, zipped_headers, zipped = get("/", accept_encoding="br, gzip")
    assert (status, zipped_headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(zipped) == plain
    assert len(zipped) < 60_000
    status, again, nothing = get("/", accept_encoding="gzip", if_none_match=headers["etag"])
    assert (status, nothing, again["etag"]) == (304, b"", headers["etag"])
    assert get("/", if_none_match='W/"0"')[0] == 200


def test_the_page_s_modules_are_asked_for_before_gradio_is_there_and_kept(get):
    html = get("/")[2].decode()
    (folder,) = ADDRESS.findall(html)
    assert html.index(folder) < html.index("window.gradio_config")
    assert html.index('<meta name="languages"') < html.index(folder)
    for file in ("modules.js", "words/en.json", "words/zh.json", "programs.json"):
        status, headers, content = get(f"/{folder}/{file}")
        assert (status, "immutable" in headers["cache-control"]) == (200, True), file
        for other in (f"/web/{file}", f"/web/{'0' * 16}/{file}"):  # of an open page of an older version
            status, headers, same = get(other)
            assert (status, headers["cache-control"], same) == (200, "no-cache", content), other
    assert get(f"/{folder}/nothing.js")[0] == 404
    assert get(f"/{folder}/../page.py")[0] == 404


def test_what_gradio_names_by_its_content_is_kept_too(get):
    html = get("/")[2].decode()
    (module,) = re.findall(r'src="\./(assets/index-\S+\.js)"', html)
    for path in (f"/{module}", "/theme.css?v=0"):
        status, headers, _ = get(path)
        assert (status, "immutable" in headers["cache-control"]) == (200, True), path
    assert "cache-control" not in get("/favicon.ico")[1]


def test_the_board_and_the_weights_are_kept(get, lenet, mnist_test):
    service = Service(Networks({"standard": lenet}), *mnist_test)
    board = make_board(service, {"standard": {3: 0.0272}})
    content = service.kept.respond(board["file"].rpartition("/")[2]).body
    digits = [int(each.split(":")[0]) for each in board["digits"].split(",")]
    pixels, steps = np.split(np.frombuffer(zlib.decompress(content), np.uint8), [784 * len(digits)])
    assert pixels[:784].tobytes() == as_bytes(mnist_test[0][digits[0]]).tobytes()
    assert board["proofs"] == ["standard"]
    assert dict(zip(digits, steps.view("<u2").tolist(), strict=True)) == dict.fromkeys(digits, UNKNOWN) | {3: 272}
    (address,) = set(re.findall(r"web/kept/[0-9a-f]{64}\.zlib", get("/")[2].decode()))
    status, headers, _ = get(f"/{address}")
    assert (status, "immutable" in headers["cache-control"]) == (200, True)
    assert get(f"/web/kept/{'0' * 64}.webp")[0] == 404


def test_an_edited_file_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("advdemo.ui.server.files.EVERY", 0)
    (tmp_path / "a.js").write_text("1")
    files = Files([tmp_path], lambda: {path.name: path.read_bytes() for path in tmp_path.iterdir()})
    before = files.version()
    assert files.version() == before
    (tmp_path / "a.js").write_text("22")
    (tmp_path / "b.js").write_text("3")
    after = files.version()
    assert after != before
    for version, kept in ((before, False), (after, True)):
        reply = files.respond(f"{version}/a.js")
        assert (reply.body, "immutable" in reply.headers["cache-control"]) == (b"22", kept)
    (tmp_path / "b.js").unlink()
    (tmp_path / "a.js").write_text("1")
    assert files.version() == before
    assert files.respond("b.js").status_code == 404
