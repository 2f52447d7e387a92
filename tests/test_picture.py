import io
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from advdemo.images.greys import as_bytes
from advdemo.images.picture import read_picture


@pytest.fixture(scope="module")
def digit(mnist_test):
    """Test digit 0, a 7, dark on white, 280x280."""
    return Image.fromarray(255 - np.kron((mnist_test[0][0, 0] * 255).byte().numpy(), np.ones((10, 10), np.uint8)))


def as_photo(picture: Image.Image, path) -> None:
    """Lying on its side, with the EXIF note that says so."""
    exif = picture.getexif()
    exif[0x0112] = 6  # turn clockwise to see it upright
    picture.convert("RGB").rotate(90, expand=True).save(path, exif=exif)


PICTURES = {
    "grey.png": lambda picture, path: picture.save(path),
    "photo.jpg": as_photo,
    "sixteen.png": lambda picture, path: Image.fromarray(np.asarray(picture).astype(np.uint16) * 257).save(path),
    "palette.gif": lambda picture, path: picture.convert("P").save(path),
    "ink.tiff": lambda picture, path: picture.convert("RGB").convert("CMYK").save(path),
    "large.webp": lambda picture, path: picture.resize((2800, 2800), 0).save(path, lossless=True),
    "small.bmp": lambda picture, path: picture.resize((28, 28), 0).save(path),
}


@pytest.mark.parametrize(("name", "write"), PICTURES.items(), ids=PICTURES)
def test_reads_any_picture(digit, tmp_path, name, write):
    write(digit, tmp_path / name)
    pixels = read_picture(tmp_path / name, name=name)
    assert pixels.dtype == np.uint8
    assert pixels.shape[2] == 4
    assert max(pixels.shape) <= 1000
    assert (pixels[..., 3] == 255).all()
    seen = Image.fromarray(pixels).convert("L").resize((28, 28), Image.Resampling.BOX)
    expected = digit.resize((28, 28), Image.Resampling.BOX)
    assert np.abs(np.asarray(seen).astype(int) - np.asarray(expected)).max() <= 8


def test_keeps_transparency():
    file = io.BytesIO()
    Image.new("RGBA", (5, 4), (10, 20, 30, 40)).save(file, "PNG")
    pixels = read_picture(file, name="it")
    assert pixels.shape == (4, 5, 4)
    assert pixels[0, 0].tolist() == [10, 20, 30, 40]


def png_of(width: int, height: int) -> bytes:
    """A PNG that claims this size, and holds next to nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(7_072, 7_072), (12_000, 12_000), (100_000, 100_000)])
def test_refuses_a_decompression_bomb(width, height):
    with pytest.raises(ValueError, match="the drawing has more than 50 megapixels"):
        read_picture(io.BytesIO(png_of(width, height)), name="the drawing")


def test_the_limit_can_be_lower():
    file = io.BytesIO()
    Image.new("L", (1001, 1000)).save(file, "PNG")
    assert read_picture(file, name="it", max_megapixels=2).shape == (999, 1000, 4)
    with pytest.raises(ValueError, match="it has more than 1 megapixels"):
        read_picture(file, name="it", max_megapixels=1)


UNREADABLE = {
    "text": b"not a picture",
    "empty": b"",
    "half a picture": png_of(28, 28),
    "a zero side": png_of(28, 0),
    "an SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_refuses_what_is_no_picture(content, tmp_path):
    with pytest.raises(ValueError, match="not a picture that can be read"):
        read_picture(io.BytesIO(content), name="the drawing")
    (tmp_path / "picture.png").write_bytes(content)
    with pytest.raises(ValueError, match="not a picture that can be read"):
        read_picture(tmp_path / "picture.png", name="it")


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="none"):
        read_picture(tmp_path / "none.png", name="it")


@pytest.mark.parametrize("kind", ["EPS", "ICO", "PPM", "TGA", "PCX", "ICNS"])
def test_formats_that_nobody_needs_are_not_opened(digit, kind, monkeypatch):
    file = io.BytesIO()
    digit.convert("RGB").save(file, kind)
    file.seek(0)
    # A picture in PostScript would have Ghostscript run what is in it.
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *arguments: pytest.fail("Ghostscript was started"))
    with pytest.raises(ValueError, match="not a picture"):
        read_picture(file, name="it")


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_where_only_png_is_taken(digit, kind):
    file = io.BytesIO()
    digit.convert("RGB").save(file, kind)
    file.seek(0)
    with pytest.raises(ValueError, match="not a picture"):
        read_picture(file, name="it", formats=("PNG",))
    file.seek(0)
    assert read_picture(file, name="it").shape == (280, 280, 4)


def test_bytes_are_the_nearest_grey():
    values = as_bytes(torch.tensor([[0.0, 0.4 / 255, 0.6 / 255], [127.4 / 255, 254.6 / 255, 1.0]]))
    assert values.dtype == np.uint8
    assert values.tolist() == [[0, 0, 1], [127, 255, 255]]
