"""The font of Learn's formulas has each of their characters, and what sets indices and brackets in place."""

import re
from html import unescape

from fontTools.ttLib import TTFont

from advdemo.ui.component import WEB

LEARN = WEB / "learn"
GREEK, ITALIC_GREEK, ITALIC = ord("α"), 0x1D6FC, {"a": 0x1D44E, "A": 0x1D434}


def italic(letter):
    """The character by which browsers set an identifier of one letter."""
    if "α" <= letter <= "ω":
        return ITALIC_GREEK + ord(letter) - GREEK
    first = "a" if letter.islower() else "A"
    return ITALIC[first] + ord(letter) - ord(first)


def test_the_font_has_every_character_of_the_formulas():
    font = TTFont(LEARN / "math.woff")
    assert "MATH" in font
    formulas = "".join(re.findall(r"<math.*?</math>", (LEARN / "page.html").read_text(encoding="utf-8"), re.DOTALL))
    shown = {ord(letter) for letter in unescape(re.sub(r"<[^>]+>|\s", "", formulas))}
    letters = {italic(letter) for letter in re.findall(r"<mi>(\w)</mi>", formulas)}
    assert len(letters) > 10
    assert shown | letters <= font.getBestCmap().keys()
