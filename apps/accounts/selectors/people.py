"""Reads of people."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import Preferences, User


def preferences_of(user: User) -> Preferences:
    """The person's preferences; defaults, not yet stored, before the first change."""
    try:
        return user.preferences
    except Preferences.DoesNotExist:
        return Preferences(user=user)


def research_defaults(user: User) -> dict[str, Any]:
    """Cash and costs that the forms of new research start from."""
    chosen = preferences_of(user)
    return {
        "cash": f"{chosen.cash.normalize():f}",
        "fee": f"{chosen.fee_percent.normalize():f}",
        "slippage_bps": f"{chosen.slippage_bps.normalize():f}",
        "fill": chosen.fill,
    }
