"""The address a request came from. A header is believed only when a trusted proxy (`TRUSTED_PROXIES`) added to it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address in canonical form; None for a Unix socket without a proxy's header."""
    meta = request.META
    return _nearest_stranger(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""))


def client_ip_of_scope(scope: Mapping[str, Any]) -> str | None:
    """The same for an ASGI scope: a WebSocket, or the alert intake."""
    client = scope.get("client")
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return _nearest_stranger(client[0] if client else "", ",".join(forwarded))


def parse_network(text: str) -> Network:
    """An address or network, as one is written in settings and in a key's list.

    Raises ValueError in words for anything else, and for a network whose host bits are set (10.0.0.1/8).
    """
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        if "host bits" in str(error):
            meant = ipaddress.ip_network(text.strip(), strict=False)
            raise ValueError(f"{text!r} is an address with a mask; the network is {meant}") from None
        raise ValueError(f"{text!r} is no IPv4 or IPv6 address or network") from None


def in_networks(address: str | None, networks: Iterable[str]) -> bool:
    """Whether the address lies in one of the networks (texts that `parse_network` accepts)."""
    parsed = _parse_address(address or "")
    return parsed is not None and any(parsed in _network(text) for text in networks)


def _nearest_stranger(peer: str, forwarded: str) -> str | None:
    """Walk from the peer back through X-Forwarded-For while each hop is a proxy of ours.

    Every proxy appends the address it was called from, so what stands left of the first stranger is hearsay.
    """
    trusted: list[str] = settings.TRUSTED_PROXIES
    address = _parse_address(peer)
    if not trusted or not forwarded:
        return str(address) if address else None
    for hop in reversed(forwarded.split(",")):
        if address is not None and not any(address in _network(text) for text in trusted):
            break
        if address is None and peer:  # a peer that is no address is nobody we know
            break
        found = _parse_address(hop)
        if found is None:  # a proxy of ours does not write this: keep the last address that is sure
            break
        address = found
    return str(address) if address else None


@lru_cache(maxsize=4096)
def _parse_address(text: str) -> Address | None:
    """IPv4 addresses in IPv6 clothing (::ffff:1.2.3.4) are taken as what they are; ports are cut off."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=4096)
def _network(text: str) -> Network:
    return ipaddress.ip_network(text)
