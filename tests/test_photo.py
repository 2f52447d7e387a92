"""Digits in photographs, scans and screenshots. `python -m tests.bench.photo` measures each kind on 100 digits."""

import base64
import io
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from advdemo.images.drawing import SEVERAL, to_mnist
from advdemo.images.photo import digit_in, digits_in, find_digits
from advdemo.images.picture import Picture, open_picture, write_picture
from advdemo.networks.predict import classify
from tests.asker import Asker
from tests.photos import ROWS, black, sheet_of_ten

SOME = (0, 3, 4, 7, 11, 18)  # test images: a 7, a 0, a 4, a 9, a 6, a 3


@pytest.fixture(scope="module")
def digits(mnist_test):
    return (mnist_test[0][:100, 0] * 255).byte().numpy()


@pytest.mark.parametrize("kind", ROWS)
def test_the_digit_is_found_and_read(kind, digits, mnist_test, lenet):
    read = []
    for number in SOME:
        pixels = np.ascontiguousarray(ROWS[kind].make(digits[number], number))
        found = find_digits(pixels)
        read.append(int(classify(lenet, found[0].image[None])) if len(found) == 1 else len(found) + 100)
    wrong = sum(one != int(mnist_test[1][number]) for one, number in zip(read, SOME, strict=True))
    assert wrong <= (ROWS[kind].wanted < 95), read


def test_a_photographed_sheet_of_ten_digits_gives_ten(digits, mnist_test, lenet):
    pixels, labels, _ = sheet_of_ten(digits, mnist_test)
    found = find_digits(pixels)
    assert [int(classify(lenet, one.image[None])) for one in found] == labels
    for place, one in enumerate(found):
        left, top, right, bottom = one.box
        assert left < 30 + 190 * (place % 5) + 90 < right
        assert top < 40 + 230 * (place // 5) + 12 * (place % 3) + 90 < bottom
        assert (one.image.shape, one.image.dtype) == ((1, 28, 28), torch.float32)


def test_two_digits_side_by_side_are_two(digits, mnist_test, lenet):
    for one, other in pairwise(SOME):
        found = find_digits(np.hstack([black(digits[one]), black(digits[other])]))
        labels = [int(mnist_test[1][number]) for number in (one, other)]
        assert [int(classify(lenet, each.image[None])) for each in found] == labels


def test_boxes_are_in_the_picture_s_own_pixels(digits):
    page = np.full((1500, 2600), 255, np.uint8)
    page[900:1180, 2000:2280] = black(digits[0])
    (found,) = find_digits(page)
    rows, columns = np.nonzero(page < 128)
    edges = columns.min(), rows.min(), columns.max(), rows.max()
    assert np.abs(np.array(found.box) - edges).max() <= 4


BLANK = {
    "white": np.full((280, 280), 255, np.uint8),
    "clear": np.zeros((280, 280, 4), np.uint8),
    "noise": np.random.default_rng(0).integers(90, 170, (300, 300), dtype=np.uint8),
    "a dot": np.asarray(Image.new("L", (200, 200), 255)).copy(),
    "one pixel": np.zeros((1, 1), np.uint8),
}
BLANK["a dot"][90:110, 90:110] = 0


@pytest.mark.parametrize("name", BLANK)
def test_where_there_is_no_digit_none_is_found(name):
    assert find_digits(BLANK[name]) == []
    with pytest.raises(ValueError, match="ink|digit"):
        digit_in(Picture(np.asarray(Image.fromarray(BLANK[name]).convert("RGBA")), exact=False, cut=False))


def test_two_digits_are_not_one(digits):
    both = Image.fromarray(np.hstack([black(digits[0]), black(digits[3])])).convert("RGBA")
    with pytest.raises(ValueError, match=SEVERAL):
        digit_in(Picture(np.asarray(both), exact=False, cut=False))


@pytest.mark.parametrize("gap", [0, 60])
def test_to_mnist_says_that_there_are_two(gap, digits):
    for one, other in pairwise(SOME):
        both = np.hstack([black(digits[one]), np.full((280, gap), 255, np.uint8), black(digits[other])])
        with pytest.raises(ValueError, match="crop the picture to one of them"):
            to_mnist(both)


def test_28_by_28_dark_on_light_is_turned(mnist_test):
    digit = mnist_test[0][0]
    grey = Image.fromarray((digit[0] * 255).byte().numpy())
    for picture in (grey, Image.fromarray(255 - np.asarray(grey))):
        (found,) = digits_in(Picture(np.asarray(picture.convert("RGBA")), exact=False, cut=False))
        assert torch.equal(found.image, digit)


def test_an_example_comes_back_to_the_last_bit(tmp_path):
    image = torch.randint(0, 256, (1, 28, 28), generator=torch.Generator().manual_seed(0)) / 255
    for changed in (image, image.clamp(min=180 / 255)):  # as bright as paper
        write_picture(changed, tmp_path / "example.png")
        assert torch.equal(digit_in(open_picture(tmp_path / "example.png", name="it")), changed)


def saved(picture, kind, **how):
    file = io.BytesIO()
    picture.save(file, kind, **how)
    return file.getvalue()


def blank_then(kind, digit):
    blank = Image.new("L", digit.size, 255)
    return saved(blank, kind, save_all=True, append_images=[blank, digit], duration=100)


def texted(digit):
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("Comment", "a" * 3_000_000, zip=True)
    return saved(digit, "PNG", pnginfo=info)


FILES = {
    "a JPEG cut at 70%": lambda digit: (lambda whole: whole[: len(whole) * 7 // 10])(saved(digit, "JPEG")),
    "a JPEG without its end": lambda digit: saved(digit, "JPEG")[:-2],
    "PNG with much text": texted,
    "AVIF": lambda digit: saved(digit, "AVIF"),
    "16 bits that hold 8": lambda digit: saved(Image.fromarray(np.asarray(digit).astype(np.uint16)), "PNG"),
    "TIFF of 0 to 1": lambda digit: saved(Image.fromarray(np.asarray(digit).astype(np.float32) / 255), "TIFF"),
    "a GIF that starts blank": lambda digit: blank_then("GIF", digit),
    "a WebP that starts blank": lambda digit: blank_then("WEBP", digit),
}


@pytest.mark.parametrize("kind", FILES)
def test_files_as_they_come(kind, digits, lenet):
    page = Image.new("L", (280, 420), 255)  # the digit above, so that what is cut off is paper
    page.paste(Image.fromarray(black(digits[0])))
    picture = open_picture(io.BytesIO(FILES[kind](page)), name="it")
    assert picture.cut == kind.startswith("a JPEG")
    assert int(classify(lenet, digit_in(picture)[None])) == 7


@pytest.fixture
def asker(app_url):
    asker = Asker(app_url, "photographer", "203.0.113.23")
    yield asker
    asker.close()


def test_the_page_is_told_where_the_digits_are(asker, digits, mnist_test):
    pixels, labels, _ = sheet_of_ten(digits, mnist_test)
    large = Image.fromarray(pixels).resize((2000, 1000))
    content = saved(large.convert("RGB"), "PNG")
    content += bytes(2_500_000 - len(content))  # more than other requests may have
    status, reply = asker.ask("photo", {"file": base64.b64encode(content).decode()})
    assert status == 200
    assert (reply["width"], reply["height"], reply["cut"]) == (1000, 500, False)
    assert len(reply["digits"]) == len(labels)
    expected = find_digits(open_picture(io.BytesIO(content), name="it").pixels)
    for told, found in zip(reply["digits"], expected, strict=True):
        assert told["box"] == list(found.box)
        assert np.array_equal(told["pixels"], (found.image[0] * 255).round().byte().numpy())


def test_the_page_is_told_what_is_wrong_with_a_picture(asker):
    blank = saved(Image.new("L", (300, 300), 255), "PNG")
    for content, key in ((blank, "no_digit"), (b"%PDF-1.7", "photo_unreadable"), (bytes(4_100_000), "photo_too_large")):
        status, error = asker.ask("photo", {"file": base64.b64encode(content).decode()})
        assert (status, error["key"]) == (400, f"errors.{key}")


def test_a_form_with_a_box_around_the_digit(digits, lenet):
    page = Image.new("L", (600, 400), 255)
    page.paste(Image.fromarray(black(digits[0], 180)), (210, 110))
    ImageDraw.Draw(page).rectangle((200, 100, 400, 300), outline=0, width=3)
    (found,) = find_digits(np.asarray(page))
    assert int(classify(lenet, found.image[None])) == 7
