"""The page's strokes in MNIST's form, run in Node, beside what `to_mnist` makes of a picture of the same strokes."""

import json
import os
import shutil
import subprocess

import numpy as np
import pytest
import torch

from advdemo.images.drawing import NO_INK, NO_STROKE, to_mnist
from advdemo.networks.predict import classify
from advdemo.ui.server.errors import KEYS
from tests.conftest import ROOT
from tests.pens import by_hand, curve, pad

PROGRAM = """
import { readFileSync } from "node:fs";
import { toMnist } from "./advdemo/ui/web/explore/digit/strokes.js";
const drawings = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(drawings.map((strokes) => {
  const { pixels, key } = toMnist(strokes);
  return key ?? [...pixels];
})));
"""


def in_the_page(drawings):
    """float32 (1, 28, 28) of each drawing, or why there is none."""
    node = shutil.which("node")
    if node is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Node found: `apt install nodejs`")
    given = json.dumps([[np.asarray(stroke).tolist() for stroke in strokes] for strokes in drawings])
    command = [node, "--input-type=module", "--eval", PROGRAM]
    run = subprocess.run(command, input=given, cwd=ROOT, capture_output=True, text=True, check=True)
    return [
        made if isinstance(made, str) else torch.tensor(made).view(1, 28, 28) / 255 for made in json.loads(run.stdout)
    ]


@pytest.fixture(scope="module")
def drawn():
    """Eight drawings of each digit, as the page and as Python see them."""
    chance = np.random.default_rng(0)
    digits = torch.arange(10).repeat(8)
    drawings = [by_hand(digit, chance) for digit in digits]
    return digits, torch.stack(in_the_page(drawings)), torch.stack([to_mnist(pad(strokes)) for strokes in drawings])


def test_the_network_reads_strokes_as_it_reads_their_picture(drawn, lenet):
    digits, page, python = drawn
    right, expected = ((classify(lenet, images) == digits).float().mean() for images in (page, python))
    assert right >= max(0.97, expected - 0.013)


def test_strokes_become_what_their_picture_becomes(drawn):
    _, page, python = drawn
    # The centre of mass may fall on the other side of a pixel's edge.
    shifts = [torch.roll(page, (down, right), (2, 3)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    differences = torch.stack([(shifted - python).abs().mean((1, 2, 3)) for shifted in shifts]).amin(0)
    assert differences.mean() < 0.035  # of which stroke width is the most; one pixel of shift makes 0.07
    assert differences.max() < 0.07


def test_the_form_is_mnists(drawn):
    for image in drawn[1]:
        rows, columns = np.nonzero(image[0].numpy())
        assert image.max() == 1
        assert max(np.ptp(rows), np.ptp(columns)) == 19  # 20 pixels
        for axis in (1, 2):
            centre = (image.sum(dim=axis)[0] @ torch.arange(28.0)) / image.sum()
            assert abs(centre - 14) < 0.51


@pytest.mark.parametrize(("size", "at"), [(0.1, 0.0), (0.3, 0.65), (1.0, 0.0)])
def test_size_and_place_do_not_matter(size, at):
    strokes = by_hand(4, np.random.default_rng(1))
    here, there = in_the_page([strokes, [stroke * size + at for stroke in strokes]])
    assert (here - there).abs().max() < 0.02


RING = np.linspace(0, 2 * np.pi, 40)
TAKEN = {
    "a closed loop": [0.5 + 0.2 * np.stack([np.sin(RING), np.cos(RING)], 1)],
    "a crossing": [curve((0.2, 0.2), (0.8, 0.8)), curve((0.8, 0.2), (0.2, 0.8))],
    "a stroke down": [[(0.5, 0.1), (0.5, 0.9)]],
    "a stroke across": [[(0.1, 0.5), (0.9, 0.5)]],
    "a short stroke": [[(0.5, 0.5), (0.5, 0.56)]],
    "a stroke and a dot": [[(0.5, 0.4), (0.5, 0.9)], [(0.5, 0.2)]],
    "the same point twice": [[(0.3, 0.3), (0.3, 0.3), (0.7, 0.7), (0.7, 0.7)]],
    "a comb": [curve((x, 0.1), (x, 0.9)) for x in (0.1, 0.2, 0.3)] + [curve((0.1, 0.5), (0.9, 0.5))],
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_python_takes_the_page_takes(name):
    (page,) = in_the_page([TAKEN[name]])
    assert not isinstance(page, str), page
    assert page.max() == to_mnist(pad(TAKEN[name])).max() == 1


REFUSED = {
    NO_INK: [[], [[]]],
    NO_STROKE: [[[(0.5, 0.5)]], [[(0.5, 0.5), (0.51, 0.5), (0.5, 0.51)]], [[(0.1, 0.1)], [(0.11, 0.1)]]],
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_is_no_digit_is_refused_in_the_same_words(sentence):
    for strokes, page in zip(REFUSED[sentence], in_the_page(REFUSED[sentence]), strict=True):
        assert page == KEYS[sentence]
        with pytest.raises(ValueError, match=sentence):
            to_mnist(pad([stroke for stroke in strokes if stroke]))
