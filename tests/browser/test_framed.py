"""The page in a frame, as on a Space: its host is told what the address holds, and tells it."""

import http.server
import threading

import pytest
from playwright.sync_api import expect

from tests.browser.tabs import hash_of


@pytest.fixture
def frame_url(app_url):
    """A page of another origin that frames the app, as a Space's does, and keeps what it is told."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(
                f"""<script>
                let told = null;
                onmessage = ({{data, origin}}) => {{
                    if (data.hash !== undefined && origin === {app_url!r}) history.replaceState(null, "", data.hash);
                }};
                </script><iframe width=1200 height=760></iframe>
                <script>document.querySelector("iframe").src = {app_url!r} + "/" + location.hash</script>""".encode()
            )

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_frame_tells_its_host_and_is_told_by_it(chromium, frame_url):
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{frame_url}/#index=7&attack=noise&epsilon=0.2&lang=en")
    app = page.frame_locator("iframe")
    expect(app.get_by_test_id("attack")).to_have_value("noise")
    expect(app.get_by_test_id("epsilon-value")).to_have_text("0.200")
    app.get_by_role("button", name="中文").click()
    assert hash_of(page, "lang=zh")["index"] == "7"
    app.get_by_role("tab").nth(4).click()
    assert hash_of(page, "tab=learn") == {"tab": "learn", "lang": "zh"}
    context.close()
