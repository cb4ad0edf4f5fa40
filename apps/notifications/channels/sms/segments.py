"""How many parts a text message takes, by 3GPP TS 23.038 (the 7-bit alphabet) and TS 23.040 (messages in parts)."""

from __future__ import annotations

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")  # two places each: an escape and the character

# Typographic characters that would make a whole message UCS-2, and what says the same in the 7-bit alphabet.
PLAIN = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "−": "-",
        "…": "...",
        "•": "-",
        "·": "-",
        "→": "->",
        "≤": "<=",
        "≥": ">=",
        "×": "x",
        "\u00a0": " ",
        "\u202f": " ",
        "\t": " ",
    }
)


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The places of a message that is alone, and of each part where there are several (six octets are their header)."""

    name: str
    alone: int
    each: int


GSM7 = Alphabet("GSM-7", 160, 153)
UCS2 = Alphabet("UCS-2", 70, 67)


def alphabet_of(text: str) -> Alphabet:
    return GSM7 if all(character in BASIC or character in EXTENDED for character in text) else UCS2


def parts_of(text: str) -> int:
    """How many parts the text is sent as. An escaped character or a surrogate pair is never cut in two."""
    alphabet = alphabet_of(text)
    sizes = [_size(character, alphabet) for character in text]
    if sum(sizes) <= alphabet.alone:
        return 1
    parts, used = 1, 0
    for size in sizes:
        if used + size > alphabet.each:
            parts, used = parts + 1, 0
        used += size
    return parts


def _size(character: str, alphabet: Alphabet) -> int:
    if alphabet is GSM7:
        return 2 if character in EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def cut(text: str, tail: str, most: int) -> str:
    """The text, cut where the two together would take more than `most` parts, and the tail whole."""
    if parts_of(text + tail) <= most:
        return text + tail
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if parts_of(text[:middle].rstrip() + "..." + tail) <= most:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + "..." + tail
