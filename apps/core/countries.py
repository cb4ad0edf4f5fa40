"""Countries by their codes of ISO 3166-1, named in the reader's language as the Unicode CLDR does."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale

from apps.core.languages import alphabetical, reading

# Regions that the CLDR names beside the standard's; XX is left to its users.
NOT_COUNTRIES = {
    *("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC"),
    *("QO", "TA", "UN", "XA", "XB", "XK", "XX", "ZZ"),
}


def countries() -> dict[str, str]:
    """Names by code, in the order of the reader's alphabet."""
    return _countries(reading())


def country_choices(stored: str) -> list[tuple[str, str]]:
    """Of a menu, the empty one first. A stored code that is none (any two letters would do once) stays until another
    is chosen."""
    kept = {stored: stored} if stored and stored not in countries() else {}
    return [("", "–"), *kept.items(), *countries().items()]


def country_named(code: str) -> str:
    """Its name; a code that is none is given back."""
    return countries().get(code, code)


@lru_cache(maxsize=8)
def _countries(language: str) -> dict[str, str]:
    names = Locale.parse(language).territories
    known = {code: name for code, name in names.items() if len(code) == 2 and code not in NOT_COUNTRIES}
    return dict(sorted(known.items(), key=lambda each: alphabetical(each[1])))
