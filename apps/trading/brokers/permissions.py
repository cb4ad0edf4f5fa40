"""What keys may do, read from what each exchange tells of them.

Only exchanges that tell can be connected: keys of which nobody knows whether they can withdraw are not taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_noop  # stored in English, written in the words of who reads it

from apps.trading.brokers.base import Permissions

NOT_BOUND = gettext_noop(
    "The keys work from any address. Bind them to this server's addresses on the exchange's page of API keys."
)
FUTURES = gettext_noop(
    "The keys may also trade futures or margin, which is not needed here. Take that right away."
)


def of_binance(told: dict[str, Any]) -> Permissions:
    """GET /sapi/v1/account/apiRestrictions. Sending money to another person counts as withdrawing it."""
    is_bound = bool(told.get("ipRestrict"))
    notes = [] if is_bound else [NOT_BOUND]
    if told.get("enableFutures") or told.get("enableMargin"):
        notes.append(FUTURES)
    return Permissions(
        can_read=bool(told.get("enableReading")),
        can_trade=bool(told.get("enableSpotAndMarginTrading")),
        can_withdraw=bool(told.get("enableWithdrawals") or told.get("enableInternalTransfer")),
        is_ip_bound=is_bound,
        notes=tuple(notes),
    )


def of_bybit(told: dict[str, Any]) -> Permissions:
    """GET /v5/user/query-api."""
    result = told.get("result") or {}
    granted = result.get("permissions") or {}
    wallet = set(granted.get("Wallet") or [])
    is_bound = bool(result.get("ips")) and "*" not in result["ips"]
    return Permissions(
        can_read=True,
        can_trade=not int(result.get("readOnly") or 0) and "SpotTrade" in (granted.get("Spot") or []),
        can_withdraw=bool(wallet & {"Withdraw", "AccountTransfer"}),
        is_ip_bound=is_bound,
        notes=() if is_bound else (NOT_BOUND,),
    )


def of_okx(told: dict[str, Any]) -> Permissions:
    """GET /api/v5/account/config."""
    [account, *_] = told.get("data") or [{}]
    granted = {part.strip() for part in str(account.get("perm") or "").split(",")}
    is_bound = bool(account.get("ip"))
    return Permissions(
        can_read="read_only" in granted,
        can_trade="trade" in granted,
        can_withdraw="withdraw" in granted,
        is_ip_bound=is_bound,
        notes=() if is_bound else (NOT_BOUND,),
    )


# CCXT's name of the exchange: the call that tells, and how it is read
TELLING: dict[str, tuple[str, Callable[[dict[str, Any]], Permissions]]] = {
    "binance": ("sapiGetAccountApiRestrictions", of_binance),
    "bybit": ("privateGetV5UserQueryApi", of_bybit),
    "okx": ("privateGetAccountConfig", of_okx),
}
