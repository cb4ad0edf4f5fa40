"""Names of browsers, systems and places, for people who look at where they are logged in."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from ua_parser import parse


@lru_cache(maxsize=1024)
def label_of(user_agent: str) -> str:
    """ "Firefox on Linux"; what cannot be told is left out."""
    found = parse(user_agent)
    browser = found.user_agent.family if found.user_agent else ""
    system = found.os.family if found.os else ""
    if browser and system:
        return f"{browser} on {system}"[:100]
    return (browser or system or "Unknown browser")[:100]


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
