"""May keys be used? What they may do in, the verdict out."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext

from apps.trading.choices import AccountState


class Verdict(NamedTuple):
    state: AccountState
    words: str
    keep_keys: bool


GOOD = Verdict(AccountState.CONNECTED, "", True)


def verdict(
    *, can_read: bool | None, can_trade: bool | None, can_withdraw: bool | None, is_testnet: bool
) -> Verdict:
    """Keys that can withdraw, or of which nobody says whether they can, are not kept, let alone used."""
    if can_withdraw:
        words = gettext(
            "The keys can withdraw money. Make keys without that right on the exchange's page, and enter those."
        )
        return Verdict(AccountState.REFUSED, words, keep_keys=False)
    if can_withdraw is None and not is_testnet:
        words = gettext(
            "The exchange does not say whether the keys can withdraw money, so they are not taken."
        )
        return Verdict(AccountState.REFUSED, words, keep_keys=False)
    if not can_read:
        return Verdict(
            AccountState.REFUSED, gettext("The keys cannot read the account. Allow reading."), keep_keys=False
        )
    if not can_trade:
        words = gettext(
            "The keys cannot trade. Allow spot trading on the exchange's page, then enter them again."
        )
        return Verdict(AccountState.REFUSED, words, keep_keys=False)
    return GOOD
