"""What a question may hold: each check returns what it was given, or raises RefusalError."""

import json
import math
from typing import TypeGuard

from advdemo.attacks import ATTACKS, Attack, Settings
from advdemo.attacks import find_attack as find
from advdemo.ui.replies import RefusalError, refusing, shown

MAX_EPSILONS = 51


def parse_question(body: bytes) -> dict:
    """The JSON object in a request. NaN, lone surrogates, numbers beyond 64 bits and deep nesting are refused."""
    try:
        question = json.loads(body, parse_constant=_refuse, parse_int=_whole, parse_float=_finite)
        if b"\\u" in body:
            json.dumps(question, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise RefusalError("errors.not_json") from error
    if not isinstance(question, dict):
        raise RefusalError("errors.not_json")
    return question


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _whole(digits: str) -> int:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
        raise ValueError("a whole number beyond 64 bits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number beyond 64 bits")
    return number


def is_whole(value: object, low: int, high: int) -> TypeGuard[int]:
    """Whether `value` is an int (True and False are none) from `low` to `high`."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def check_digit(digit: object, refusal: str) -> int | None:
    """0..9 or None."""
    if digit is None or is_whole(digit, 0, 9):
        return digit
    raise RefusalError(refusal, digit=shown(digit))


def check_class(digit: object) -> int:
    """0..9."""
    if not is_whole(digit, 0, 9):
        raise RefusalError("errors.bad_class", digit=shown(digit))
    return digit


def check_index(index: object, count: int) -> int:
    """The place of one of `count` images."""
    if not is_whole(index, 0, count - 1):
        raise RefusalError("errors.bad_index", index=shown(index), last=count - 1)
    return index


def check_count(count: object, total: int) -> int:
    """How many images to use, 1 to `total`."""
    if not is_whole(count, 1, total):
        raise RefusalError("errors.bad_count", count=shown(count), total=total)
    return count


def check_sides(question: dict) -> list[dict]:
    """One or two attacks."""
    sides = question.get("sides", [{}])
    if not isinstance(sides, list) or not 1 <= len(sides) <= 2 or not all(isinstance(side, dict) for side in sides):
        raise RefusalError("errors.one_or_two_attacks")
    return sides


def find_attack(name: object) -> tuple[Attack, Settings]:
    """The row of ATTACKS and its default settings."""
    with refusing("errors.unknown_attack", attack=shown(name), attacks=", ".join(ATTACKS)):
        return find(name if isinstance(name, str) else "")


def parse_epsilons(text: object) -> list[float]:
    """Different numbers from 0 to 1, ascending, of a text that separates them by commas or spaces."""
    words = text.replace(",", " ").split() if isinstance(text, str) and len(text) <= 400 else []
    if not 1 <= len(words) <= MAX_EPSILONS:
        raise RefusalError("errors.epsilon_count", most=MAX_EPSILONS, got=len(words))
    try:
        epsilons = sorted({float(word) for word in words})
    except ValueError:
        raise RefusalError("errors.epsilon_text", text=str(text)[:60]) from None
    if not all(0 <= epsilon <= 1 for epsilon in epsilons):
        raise RefusalError("errors.epsilon_range", text=str(text)[:60])
    return epsilons
