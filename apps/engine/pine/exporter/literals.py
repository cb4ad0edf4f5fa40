"""Numbers and texts as Pine writes them."""

import math


def number(value: float) -> str:
    """The shortest way to write `value`, which is not negative: "14", "0.5", "1e-7"."""
    if value == math.floor(value) and value < 1e15:
        return str(int(value))
    text = repr(float(value))
    if "e" not in text:
        return text
    digits, exponent = text.split("e")
    return f"{digits}e{int(exponent)}"


def fraction(value: float) -> str:
    """`value` so that Pine takes it for a float: "2.0"."""
    text = number(abs(value))
    sign = "-" if value < 0 else ""
    return f"{sign}{text}.0" if text.isdigit() else f"{sign}{text}"


def quoted(text: str) -> str:
    """A text in double quotes; line ends and tabs cannot stand in a formula's texts but as they are."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
