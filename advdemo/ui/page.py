"""The page: header and tabs, and how it is served."""

from contextlib import suppress

import gradio as gr
import httpx
import torch
from torch import Tensor

from advdemo.networks.lenet import LeNet
from advdemo.ui.api import add_api
from advdemo.ui.component import read
from advdemo.ui.explore import explore_tab
from advdemo.ui.learn import learn_tab
from advdemo.ui.line import Line
from advdemo.ui.models import Models
from advdemo.ui.sweep import sweep_tab
from advdemo.ui.train import train_tab

# The bundled fonts have ASCII only in these weights.
FONTS = {
    "font": (gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"),
    "font_mono": (gr.themes.LocalFont("IBM Plex Mono", weights=(400, 700)), "ui-monospace", "monospace"),
}


def build_page(networks: dict[str, tuple[LeNet, dict]], images: Tensor, labels: Tensor) -> gr.Blocks:
    """The whole app over a test set: images float32 (N, 1, 28, 28) in [0, 1], labels int64 (N,).

    `networks` are models and their records by name: "standard", and where there is one "robust".
    """
    models = Models({name: model for name, (model, _) in networks.items()})
    sweeps, trainings = Line(), Line()
    records = {name: record for name, (_, record) in networks.items()}
    with gr.Blocks(title="advdemo: adversarial digits", analytics_enabled=False, fill_width=True) as page:
        gr.HTML(_header(models.shipped["standard"], records), elem_id="header")
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Explore", elem_id="tab-explore"):
                explore_tab(models, images, labels)
            with gr.Tab("Accuracy sweep", elem_id="tab-sweep"):
                sweep_tab(models, sweeps, images, labels)
            with gr.Tab("Train", elem_id="tab-train"):
                train_tab(models, trainings, images, labels)
            with gr.Tab("Learn", elem_id="tab-learn"):
                learn_tab({name: record.get("robustness") for name, record in records.items()})
        add_api(models, sweeps, images, labels)
    return page.queue(max_size=200, default_concurrency_limit=4)


def launch(page: gr.Blocks, *, block: bool = True, **options) -> None:
    """Serve the page, until interrupted if `block`; `options` go to `Blocks.launch`. Shows no traceback to visitors and
    calls no other host."""
    page.launch(
        prevent_thread_lock=True,
        **{
            "theme": gr.themes.Default(primary_hue="blue", neutral_hue="slate", radius_size="lg", **FONTS),
            "css": read("shared/page.css"),
            "footer_links": ["api"],
            "ssr_mode": False,
            "show_error": False,
            "enable_monitoring": False,
            "strict_cors": True,
            "run_history": False,
            "max_file_size": "1mb",
        }
        | options,
    )
    # The first question costs half a second more than the others: no visitor should be the one who asks it.
    with suppress(httpx.HTTPError):
        httpx.post(
            f"{page.local_api_url}call/scan_test_image",
            json={"data": [0, None, "fgsm", None, "standard"]},
            verify=False,
        )
    if block:
        page.block_thread()


def _header(model: LeNet, records: dict[str, dict]) -> str:
    device = next(model.parameters()).device
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    accuracies = "".join(
        f" · {name} {record['test_accuracy']:.1%}" for name, record in records.items() if "test_accuracy" in record
    )
    return (
        "<h1>advdemo</h1><p>Draw a digit, move one slider, watch the network change its mind.</p>"
        f'<span class="chip" title="Two LeNets of 61,706 parameters each, trained on MNIST: their accuracy without an '
        f'attack">LeNet{accuracies} · {where}</span>'
    )
