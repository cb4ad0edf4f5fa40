"""Where an address is, for people who look at where they are signed in."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings


def place_of(ip: str | None) -> str:
    """ "Berlin, Germany" where GEOIP_PATH names a database of addresses and it knows this one; else nothing."""
    reader = _places(settings.GEOIP_PATH)
    if reader is None or not ip:
        return ""
    found: Any = reader.get(ip) or {}
    city = found.get("city", {}).get("names", {}).get("en", "")
    country = found.get("country", {}).get("names", {}).get("en", "")
    return ", ".join(part for part in (city, country) if part)


@cache
def _places(path: str) -> Any:
    if not path:
        return None
    import maxminddb

    return maxminddb.open_database(path)
