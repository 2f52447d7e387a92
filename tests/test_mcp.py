"""The endpoints as tools of the Model Context Protocol, through the protocol's own client."""

import asyncio
import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from advdemo.attacks import ATTACKS
from advdemo.measures.scan import scan
from advdemo.ui.words import say

pytest.importorskip("mcp", reason="no `mcp`: pip install mcp")
NAMES = ["predict", "attack", "scan", "sweep", "generate", "certify"]


@pytest.fixture(scope="module")
def answers(app_url):
    """(The tools, what each call answers), of one conversation."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def talk(*calls):
        async with (
            streamable_http_client(f"{app_url}/gradio_api/mcp/") as (reading, writing, _),
            ClientSession(reading, writing) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            return tools, [await session.call_tool(name, arguments) for name, arguments in calls]

    calls = [
        ("attack", {"index": 7, "epsilon": 0.3}),
        ("scan", {"index": 7}),
        ("sweep", {"count": 100, "epsilons": "0, 0.1"}),
        ("generate", {"digit": 3, "count": 2}),
        ("attack", {"index": 7, "attack": "bomb"}),
        ("predict", {"index": 7, "model": "robust"}),
    ]
    tools, replies = asyncio.run(talk(*calls))
    return tools, replies


def test_tools_say_what_a_model_needs(answers):
    tools, _ = answers
    assert [tool.name for tool in tools] == NAMES
    for tool in tools:
        assert len(tool.description) > 100
        for name, schema in tool.inputSchema["properties"].items():
            assert len(schema["description"]) > 15, (tool.name, name)
    (attack,) = (tool for tool in tools if tool.name == "attack")
    assert all(f"{name} " in attack.description and row.told in attack.description for name, row in ATTACKS.items())


def test_pictures_can_be_seen_and_handed_on(answers):
    _, (attacked, *_) = answers
    text, *shown = attacked.content
    reply = json.loads(text.text)
    assert (attacked.isError, reply["fooled"], reply["before"]["prediction"]) == (False, True, 9)
    names, pictures = [part.text for part in shown[::2]], shown[1::2]
    assert sorted(names) == ["adversarial:", "original:", "perturbation:"]
    seen = Image.open(io.BytesIO(base64.b64decode(pictures[names.index("adversarial:")].data)))
    sent = Image.open(io.BytesIO(base64.b64decode(reply["adversarial"].partition(",")[2])))
    assert np.array_equal(np.asarray(seen)[5::10, 5::10], np.asarray(sent))


def test_other_tools_answer(answers, lenet, mnist_test):
    scanned, swept, generated = answers[1][1:4]
    flip = scan(lenet, mnist_test[0][7], int(mnist_test[1][7])).flip_epsilon
    assert json.loads(scanned.content[0].text)["flip"] == flip
    assert json.loads(swept.content[0].text)["done"] == 100
    assert [part.type for part in generated.content] == ["text", "text", "image", "text", "image"]


def test_a_refusal_is_one_sentence(answers):
    refused = answers[1][4]
    assert refused.isError
    assert "There is no attack bomb: choose one of fgsm" in refused.content[0].text
    assert "Traceback" not in refused.content[0].text


def test_an_unknown_argument_is_named_with_those_that_exist(answers):
    unknown = answers[1][5]
    assert unknown.isError
    assert unknown.content[0].text == say("errors.unknown_key", name="model", names="image, index, network, arrays")
