"""Speaking with an account's exchange: its keys are opened here alone, behind the exchange's circuit breaker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.utils.translation import gettext

from apps.core.circuits import Circuit, Gate, Rule
from apps.core.secrets.cipher import SecretUnreadable
from apps.trading.brokers.base import Broker, BrokerError, KeysRefused, NoAnswer, NotTaken
from apps.trading.brokers.pool import Keys, with_broker
from apps.trading.choices import KeyPurpose
from apps.trading.models import TradingAccount
from apps.trading.services.exchange.key_uses import counted

log = structlog.get_logger(__name__)
Value = TypeVar("Value")


def keys_of(account: TradingAccount) -> Keys:
    """Raises KeysRefused when the stored keys cannot be opened."""
    try:
        sealed: Any = account.credentials
        stored = sealed.reveal()
        return Keys.read(account.pk, account.exchange, account.is_testnet, stored)
    except (SecretUnreadable, ValueError, KeyError) as error:
        raise KeysRefused(gettext("The stored keys cannot be opened. Enter them again.")) from error


def circuit_of(account: TradingAccount) -> Circuit:
    """One breaker for each exchange and its test network: what ails it ails every account."""
    place = f"{account.exchange}-test" if account.is_testnet else account.exchange
    return Circuit(f"exchange:{place}", Rule(**settings.EXCHANGE_CIRCUIT))


def gate_of(account: TradingAccount) -> Gate:
    """May the exchange be spoken to now? Where it was in trouble, one caller at a time may try."""
    return circuit_of(account).ask(probe_s=settings.EXCHANGE_TIMEOUT_MS / 1000 + 5)


def speak(
    account: TradingAccount, purpose: KeyPurpose | None, call: Callable[[Broker], Awaitable[Value]]
) -> Value:
    """What `call` of the account's broker answers. The breaker learns how it went. Raises BrokerError.

    `purpose` is what the keys are used for; None where the call is one that anybody may make.
    """
    circuit, keys = circuit_of(account), keys_of(account)
    try:
        with counted(keys, purpose) if purpose else nullcontext():
            answer = with_broker(keys, call)
    except NotTaken as error:
        if error.wait_s:
            circuit.hold(error.wait_s)
        elif not error.is_clock:
            circuit.tell(ok=False)
        raise
    except NoAnswer as error:
        log.warning("exchange_no_answer", account=account.pk, exchange=account.exchange, error=error.words)
        circuit.tell(ok=False)
        raise
    except BrokerError:  # it answered
        circuit.tell(ok=True)
        raise
    circuit.tell(ok=True)
    return answer
