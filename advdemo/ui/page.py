"""The page: header and tabs, and how it is served."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from torch import Tensor, nn

from advdemo.networks.binarised import Binarised
from advdemo.ui.api.calls import Calls, naming_unknown
from advdemo.ui.api.endpoints import add_api
from advdemo.ui.api.mcp_content import as_content
from advdemo.ui.component import WEB, component, read_styles
from advdemo.ui.handlers import routes
from advdemo.ui.programs import PROGRAMS
from advdemo.ui.server.files import KEPT, Files
from advdemo.ui.server.guard import LOOPBACK, Guard
from advdemo.ui.server.headers import Headers
from advdemo.ui.server.log import keep_log_brief
from advdemo.ui.server.memory import give_back
from advdemo.ui.server.opening import Opening
from advdemo.ui.server.silence import close_silent
from advdemo.ui.server.visitors import trust_the_space_s_proxy
from advdemo.ui.service import Service
from advdemo.ui.service.networks import Networks
from advdemo.ui.service.pairs import Pairs
from advdemo.ui.tabs.explore import explore_tab
from advdemo.ui.tabs.gan import gan_tab
from advdemo.ui.tabs.learn import learn_tab
from advdemo.ui.tabs.records import accuracies, binarised_record, robustness, saved_proofs, saved_sweep
from advdemo.ui.tabs.sweep import sweep_tab
from advdemo.ui.tabs.train import train_tab
from advdemo.ui.web_files import opening_head, read_files
from advdemo.ui.words import WORDS, say
from advdemo.ui.zerogpu import declare_gpu_function

# The bundled fonts have ASCII only in these weights.
FONTS: dict[str, Any] = {
    "font": (gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"),
    "font_mono": (gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"),
}
# A 3 that LeNet reads as an 8: test image 63 under FGSM at 0.2.
ICON = Path(__file__).parent / "icon.png"
HOME_SCREEN = (
    '<link rel="apple-touch-icon" href="pwa_icon/192"><meta name="apple-mobile-web-app-title" content="advdemo">'
)


def build_page(
    networks: dict[str, tuple[nn.Module, dict[str, Any]]], images: Tensor, labels: Tensor, pairs: Pairs | None = None
) -> Calls:
    """The whole app over a test set: images float32 (N, 1, 28, 28) in [0, 1], labels int64 (N,).

    `networks` holds each network with its record, by name: "standard", and any others; "binarised", the standard one
    behind rounded pixels, is added. `pairs` are the GAN's.
    """
    # Gradio would build a table of its last 10,000 events after each.
    os.environ |= {"GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9), "GRADIO_ANALYTICS_MAX_EVENTS": "1"}
    standard, record = networks["standard"]
    networks = networks | {"binarised": (Binarised(standard), binarised_record(record))}
    service = Service(
        Networks({name: network for name, (network, _) in networks.items()}), images, labels, pairs or Pairs({})
    )
    records = {name: record for name, (_, record) in networks.items()}
    tabs: dict[str, Callable[[], None]] = {
        "explore": lambda: explore_tab(service, saved_proofs(records)),
        "sweep": lambda: sweep_tab(service, saved_sweep(record)),
        "train": lambda: train_tab(record),
        "gan": lambda: gan_tab(service),
        "learn": lambda: learn_tab(service, robustness(records)),
    }
    with Calls(title=say("page.title"), analytics_enabled=False, fill_width=True) as page:
        component(
            "header", facts=json.dumps(_facts(service.networks.shipped["standard"], records)), tabs=json.dumps([*tabs])
        )
        with gr.Tabs(elem_id="tabs"):
            for name, build in tabs.items():
                with gr.Tab(say(f"tabs.{name}"), elem_id=f"tab-{name}"):
                    build()
        add_api(service)
    page.service = service
    # Places in Gradio's queue are told once a second: told at every change, a call costs others' time.
    page.queue(status_update_rate=1, api_open=False, max_size=200, default_concurrency_limit=4)
    page._queue.sleep_when_free = 0.01  # seconds; its own 0.001 takes an eighth of a core, always
    return page


def launch(page: Calls, *, block: bool = True, **options: Any) -> None:
    """Serve the page, until interrupted if `block`: the process then ends with 130. `options` go to `Blocks.launch`.
    Shows no traceback to visitors and calls no other host. OSError when the port that GRADIO_SERVER_PORT names is
    taken."""
    files = Files((WEB, WORDS, PROGRAMS), read_files)
    service = page.service
    port = os.environ.get("GRADIO_SERVER_PORT")

    def local() -> bool:
        return page.server_name in LOOPBACK and not page.share

    @asynccontextmanager
    async def around(app: Any) -> AsyncIterator[None]:
        keep_log_brief()
        app.middleware_stack = Headers(app.middleware_stack)  # outside of the middleware that Gradio puts first
        closing = asyncio.create_task(close_silent(lambda: page.server.server_state.connections))
        trimming = asyncio.create_task(give_back())
        yield
        closing.cancel()
        trimming.cancel()

    settings: dict[str, Any] = {
        "theme": gr.themes.Default(primary_hue="blue", neutral_hue="slate", radius_size="lg", **FONTS),
        "css": read_styles("shared"),
        "head": HOME_SCREEN,
        "favicon_path": ICON,
        "pwa": True,  # installed as an app it has its own window; it needs the server all the same
        "app_kwargs": {
            "lifespan": around,
            "routes": [*routes(service), *_file_routes(files)],
            "middleware": [
                Middleware(
                    Guard, limits=service.limits, streams=service.streams, endpoints=service.endpoints, local=local
                ),
                Middleware(Opening, head=lambda: opening_head(files.version())),
            ],
        },
        "server_port": int(port) if port else None,  # or Gradio would move on to the next
        "footer_links": ["api"],
        "ssr_mode": False,
        "_frontend": False,  # or Gradio ends when, visited by too many at once, it does not reach itself
        "show_error": False,
        "enable_monitoring": False,
        "strict_cors": True,
        "run_history": False,
        "state_session_capacity": 100,  # each call has a session of its own, 50 KB that nobody asks for again
        "max_file_size": "1mb",
        "mcp_server": find_spec("mcp") is not None,
    }
    trust_the_space_s_proxy()
    declare_gpu_function()
    try:
        page.launch(prevent_thread_lock=True, **settings | options)
    except OSError as error:
        if not port:
            raise
        raise OSError(f"port {port} is taken: free it, or set GRADIO_SERVER_PORT to another") from error
    if not page.is_running:  # in the thread of `gradio app.py`'s reloader, which only wants the page
        return
    if page.mcp_server_obj:
        server: Any = page.mcp_server_obj
        server.postprocess_output_data = as_content
        server._prepare_tool_call_args = naming_unknown(server._prepare_tool_call_args, service.endpoints)
    with suppress(OSError):  # too many files are open: a job will try again
        service.workers.start()
    if block:
        try:
            while True:  # a wait without end is not woken where another thread got the signal
                time.sleep(0.5)
        except KeyboardInterrupt:
            service.workers.end()
            os._exit(130)  # not by way of Gradio's and torch's threads, which take their time


def _file_routes(files: Files) -> list[Route]:
    """To the page's files and to what is kept. Routes: a Mount would not find them behind a proxy that takes a prefix
    off."""

    async def kept(request: Request) -> Response:
        page = request.app.get_blocks()  # `gradio app.py` puts a new one in the place of the one it started with
        return page.service.kept.respond(request.path_params["name"])

    async def file(request: Request) -> Response:
        return files.respond(request.path_params["path"])

    return [Route(f"/{KEPT}/{{name}}", kept, methods=["GET"]), Route("/web/{path:path}", file, methods=["GET"])]


def _facts(model: nn.Module, records: dict[str, dict[str, Any]]) -> dict[str, Any]:
    device = next(model.parameters()).device
    return {
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
        "accuracies": accuracies(records),
        "notes": [note for record in records.values() for note in record.get("notes", [])],
    }
