"""The exchanges that can be connected, and what is particular about each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """`bounds_requests`: an order carries the time we sign it with, and is refused later than that plus the window.
    After it, one that the exchange does not know can no longer arrive, and may be sent anew. Elsewhere none ever is.
    `reads_testnet_rights`: its test network tells what keys may do.
    """

    name: str
    label: str
    keys_page: str
    bounds_requests: bool
    reads_testnet_rights: bool
    needs_password: bool = False


EXCHANGES: dict[str, Exchange] = {
    one.name: one
    for one in (
        Exchange(
            "binance",
            "Binance",
            "https://www.binance.com/en/my/settings/api-management",
            bounds_requests=True,
            reads_testnet_rights=False,
        ),
        Exchange(
            "bybit",
            "Bybit",
            "https://www.bybit.com/app/user/api-management",
            bounds_requests=False,
            reads_testnet_rights=True,
        ),
        Exchange(
            "okx",
            "OKX",
            "https://www.okx.com/account/my-api",
            bounds_requests=False,
            reads_testnet_rights=True,
            needs_password=True,
        ),
    )
}
