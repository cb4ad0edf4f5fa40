"""CCXT's errors, told apart by the one question that matters: was the order certainly not taken?

Whatever is not known for sure counts as no answer.
"""

from __future__ import annotations

from typing import Any

import aiohttp
import ccxt
from django.utils.translation import gettext

from apps.trading.brokers.base import BrokerError, KeysRefused, NoAnswer, NotTaken, Rejected

LIMIT_WAIT_S = 5.0  # where the exchange does not say how long
KEYS = (ccxt.AuthenticationError, ccxt.PermissionDenied)
NO = (
    ccxt.InsufficientFunds,
    ccxt.InvalidOrder,
    ccxt.BadRequest,
    ccxt.NotSupported,
    ccxt.OperationRejected,
    ccxt.ArgumentsRequired,
)


def of_submission(error: Exception, client: Any) -> BrokerError:
    """What an error of create_order means. `client.last_status` is 0 when no answer came."""
    words = str(error)
    early = _before_it_was_looked_at(error, client)
    if early is not None:
        return early
    status = client.last_status
    said_no = status == 0 or 400 <= status < 500
    if isinstance(error, ccxt.DuplicateOrderId) or "uplicate" in words:
        return NoAnswer(words)  # a duplicate: one of that name is there already
    if isinstance(error, KEYS) and said_no:
        return KeysRefused(words)
    if isinstance(error, NO) and said_no:
        return Rejected(words)
    return NoAnswer(words)


def of_read(error: Exception, client: Any) -> BrokerError:
    """What an error of any other call means."""
    early = _before_it_was_looked_at(error, client)
    if early is not None:
        return early
    if isinstance(error, KEYS):
        return KeysRefused(str(error))
    if isinstance(error, NO):
        return Rejected(str(error))
    return NoAnswer(str(error))


def _before_it_was_looked_at(error: Exception, client: Any) -> NotTaken | None:
    words = str(error)
    if isinstance(error.__cause__, aiohttp.ClientConnectorError):
        return NotTaken(gettext("The exchange cannot be reached: {cause}").format(cause=error.__cause__))
    if client.last_status in (418, 429):
        return NotTaken(words, wait_s=client.last_retry_after_s or LIMIT_WAIT_S)
    if isinstance(error, ccxt.InvalidNonce) and 400 <= client.last_status < 500:
        return NotTaken(words, is_clock=True)
    return None
