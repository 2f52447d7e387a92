"""Pictures that programs send and receive."""

import base64
import io
from functools import cache

import numpy as np
import pytest
import torch
from PIL import Image

from advdemo.networks.predict import predict
from advdemo.ui.requests import PredictCall, parse
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.service.pictures import as_png, as_rows, change_as_png, decode_png, parse_picture
from tests.asker import drawing_of, png


def test_a_picture_survives_the_way_out_and_in(mnist_test):
    image = mnist_test[0][0]
    assert torch.equal(parse_picture(as_png(image))[0], image)
    assert torch.equal(parse_picture(as_rows(image))[0], image)
    assert torch.equal(parse_picture(as_png(image).partition(",")[2])[0], image)


def test_another_size_is_read_as_a_drawing(mnist_test, lenet):
    read, _ = parse_picture(drawing_of(1 - mnist_test[0][0]))  # dark on light
    assert read.shape == (1, 28, 28)
    assert int(predict(lenet, read[None]).argmax()) == 7


def test_what_a_change_adds_and_takes_has_two_colours():
    change = torch.zeros(28, 28)
    change[0, 0], change[0, 1] = 0.2, -0.1
    drawn = np.asarray(decode_png(change_as_png(change)))
    assert drawn[0, 0].tolist() == [138, 79, 109]
    assert drawn[0, 1].tolist() == [15, 61, 58]
    assert drawn[1:].max() == 0


ROWS = [[0.0] * 28] * 28
BLANK = png(np.zeros((280, 280), np.uint8))


@cache
def huge():
    """A few kilobytes that would be 400 million pixels."""
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize(
    "picture",
    [
        7,
        "",
        "abc",
        "data:image/png;base64,AAAA",
        huge,
        BLANK[: len(BLANK) // 2],
        "/etc/passwd",
        "https://example.org/7.png",
        ROWS[:27],
        [[0.0] * 27] * 28,
        [*ROWS[:27], [0.0] * 27 + [255]],
        [*ROWS[:27], [0.0] * 27 + [float("nan")]],
        [*ROWS[:27], [0.0] * 27 + [True]],
    ],
    ids=lambda picture: str(picture)[:20],
)
def test_what_is_no_picture_is_refused(service, picture):
    picture = picture() if picture is huge else picture
    with pytest.raises(RefusalError, match="data URL.*28 rows"):
        parse_picture(parse(PredictCall, {"image": picture}, service.offered).image)


def test_a_blank_picture_says_that_there_is_no_ink():
    with pytest.raises(RefusalError, match="No digit found"):
        parse_picture(BLANK)


def test_a_large_picture_is_refused_with_the_limit(service):
    with pytest.raises(RefusalError, match="400,001 characters, at most 400,000"):
        parse(PredictCall, {"image": "A" * 400_001}, service.offered)
