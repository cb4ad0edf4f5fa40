"""Amounts: integers of minor units, and how people read them.

Minor units are those of ISO 4217, as Stripe takes them too: 2900 USD are 29.00 dollars, 2900 JPY are 2900 yen, and
45000000 IDR are 450,000 rupiah, of whose hundredths nobody has seen a coin.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from apps.core.manner import together, written

# Decimals where they are not two (ISO 4217).
NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
THREE = "BHD IQD JOD KWD LYD OMR TND"
DECIMALS = {code: places for codes, places in ((NONE, 0), (THREE, 3)) for code in codes.split()}
# Currencies that have minor units on paper alone: what is asked for is a multiple of so many.
STEPS = {"IDR": 100}


def decimals(currency: str) -> int:
    return DECIMALS.get(currency, 2)


def step(currency: str) -> int:
    """The smallest amount that can be paid, in minor units."""
    return STEPS.get(currency, 1)


def rounded(amount: Fraction, currency: str) -> int:
    """The nearest amount that can be paid; halves go to the even neighbour, so that nobody gains by many of them."""
    smallest = step(currency)
    return round(amount / smallest) * smallest


def major(amount: int, currency: str) -> str:
    """The amount as programs write it: no separators, all decimals. 2900 USD is "29.00"."""
    places = decimals(currency)
    sign, digits = ("-" if amount < 0 else ""), f"{abs(amount):0{places + 1}d}"
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def money(amount: int, currency: str, *, code: bool = True, on_paper: bool = False) -> str:
    """The amount as people read it: "USD 29.00", "IDR 450,000", "JPY −2,900"; columns that name the code leave it out.
    On paper it is written so for everybody, else as its reader writes figures.

    Hundredths that a currency has on paper alone are shown only where there are some, which nothing of ours makes.
    """
    whole, _, part = major(abs(amount), currency).partition(".")
    is_paper = amount % step(currency) == 0 and step(currency) == 10 ** decimals(currency)
    places = len(part) if part and not is_paper else 0
    worth = Decimal(f"{whole}.{part or 0}")
    figure = f"{worth:,.{places}f}" if on_paper else f"{written(worth):,.{places}f}"
    figure = ("−" if amount < 0 else "") + figure
    return together(currency, figure) if code else figure
