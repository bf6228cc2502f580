"""Which number does a text stand for? Numbers that no program can compute with are refused."""

import math

MOST_DIGITS = 300
"""A longer integer is larger than a double can hold."""


class BadNumber(ValueError):
    """A number is not finite or too large; the message says which."""


def integer(text: str) -> int:
    """The integer of a decimal, octal (`0o`) or hexadecimal (`0x`) text. Raises `BadNumber`."""
    if len(text.lstrip("+-").lstrip("0")) > MOST_DIGITS:
        raise BadNumber(f"the integer {text[:12]}… has more than {MOST_DIGITS} digits")
    return int(text, 0) if text[:2] in ("0o", "0x") else int(text)


def real(text: str) -> float:
    """The finite number of a decimal text. Raises `BadNumber`."""
    lowered = text.lower()
    number = math.nan if lowered.endswith(("inf", "nan", "infinity")) else float(lowered)
    if not math.isfinite(number):
        raise BadNumber(f"'{text[:20]}' is not a finite number")
    return number
