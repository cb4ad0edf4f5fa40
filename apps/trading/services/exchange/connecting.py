"""Connecting an account at an exchange: its keys are checked before they are used, and changed without a pause."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.accounts.selectors import people_with
from apps.core.jobs import enqueue_on_commit
from apps.journal.services import record
from apps.notifications.services import NewNotice, queue_notices
from apps.trading.brokers.base import Broker, BrokerError, KeysRefused, Market, Permissions, Rejected
from apps.trading.brokers.exchanges import EXCHANGES
from apps.trading.brokers.pool import Keys, with_broker
from apps.trading.choices import AccountKind, AccountState, KeyPurpose
from apps.trading.errors import AccountNameTaken, NotAtExchange, UnknownExchange
from apps.trading.events import ACCOUNT_FAILED
from apps.trading.hooks import account_moved
from apps.trading.models import AccountSync, TradingAccount
from apps.trading.rules.connecting import Verdict, verdict
from apps.trading.services.exchange.key_uses import counted
from apps.trading.services.exchange.markets import store_markets
from apps.trading.services.telling import tell_account


@transaction.atomic
def connect_account(
    workspace: Workspace,
    *,
    name: str,
    exchange: str,
    api_key: str,
    secret: str,
    password: str = "",
    currency: str = "USDT",
    is_testnet: bool = False,
    freeze_on_foreign: bool = False,
    actor: User,
) -> TradingAccount:
    """An account whose keys are being checked. Raises UnknownExchange, AccountNameTaken."""
    if exchange not in EXCHANGES:
        known = ", ".join(sorted(EXCHANGES))
        raise UnknownExchange(
            gettext("{exchange} is none of {known}.").format(exchange=exchange, known=known), field="exchange"
        )
    try:
        with transaction.atomic():
            account = TradingAccount.objects.create(
                workspace=workspace,
                name=name,
                kind=AccountKind.EXCHANGE,
                exchange=exchange,
                is_testnet=is_testnet,
                currency=currency,
                next_credentials=_packed(api_key, secret, password),
                freeze_on_foreign=freeze_on_foreign,
            )
    except IntegrityError as error:
        raise AccountNameTaken(
            gettext("There is an account named {name} already.").format(name=name), field="name"
        ) from error
    record(
        actor=actor,
        workspace=workspace,
        action="trading.account.connected",
        target=account,
        changes={"exchange": exchange, "is_testnet": is_testnet, "key_ends_with": api_key[-4:]},
    )
    enqueue_on_commit("trading.check_account", account_id=account.pk)
    return account


@transaction.atomic
def rotate_keys(
    account: TradingAccount, *, api_key: str, secret: str, password: str = "", actor: User
) -> None:
    """New keys, taken once they are found good; the ones in force serve until then. Raises NotAtExchange."""
    _at_exchange(account)
    account.next_credentials = _packed(api_key, secret, password)
    account.error = ""
    if account.state in (AccountState.REFUSED, AccountState.FAILED):
        account.state = AccountState.CHECKING
    account.save(update_fields=["next_credentials", "error", "state", "updated_at"])
    tell_account(account)
    record(
        actor=actor,
        workspace=account.workspace,
        action="trading.account.keys_given",
        target=account,
        changes={"key_ends_with": api_key[-4:]},
    )
    enqueue_on_commit("trading.check_account", account_id=account.pk)


@transaction.atomic
def freeze_account(account: TradingAccount, *, reason: str, actor: User | None) -> None:
    """No order leaves any more until somebody unfreezes it. Raises NotAtExchange."""
    _at_exchange(account)
    if account.state == AccountState.FROZEN:
        return
    account.state, account.error = AccountState.FROZEN, reason[:500]
    account.save(update_fields=["state", "error", "updated_at"])
    tell_account(account)
    record(
        actor=actor,
        workspace=account.workspace,
        action="trading.account.frozen",
        target=account,
        changes={"reason": reason},
    )
    account_moved.send_on_commit(account_id=account.pk, state=account.state)


@transaction.atomic
def unfreeze_account(account: TradingAccount, *, actor: User) -> None:
    """Its keys are checked before orders leave again. Raises NotAtExchange."""
    _at_exchange(account)
    account.state, account.error = AccountState.CHECKING, ""
    account.save(update_fields=["state", "error", "updated_at"])
    tell_account(account)
    record(actor=actor, workspace=account.workspace, action="trading.account.unfrozen", target=account)
    enqueue_on_commit("trading.check_account", account_id=account.pk)


def check_account(account_id: int) -> AccountState | None:
    """Ask the exchange what the keys may do, new ones if there are any. Returns the account's state.

    An exchange that cannot be reached leaves everything as it is: the sweep asks again.
    """
    account = TradingAccount.objects.filter(pk=account_id, kind=AccountKind.EXCHANGE).first()
    if account is None:
        return None
    sealed: Any = account.next_credentials or account.credentials
    if not sealed:
        return AccountState(account.state)
    keys = Keys.read(account.pk, account.exchange, account.is_testnet, sealed.reveal())
    found: Permissions | None = None
    try:
        with counted(keys, KeyPurpose.CHECK):
            found, markets = with_broker(keys, _ask)
    except KeysRefused as error:
        judged = Verdict(
            AccountState.REFUSED,
            gettext("The exchange does not take the keys: {words}").format(words=error.words),
            False,
        )
    except Rejected as error:
        judged = Verdict(AccountState.REFUSED, error.words, False)
    except BrokerError as error:
        TradingAccount.objects.filter(pk=account.pk).update(error=error.words)
        return AccountState(account.state)
    else:
        judged = verdict(
            can_read=found.can_read,
            can_trade=found.can_trade,
            can_withdraw=found.can_withdraw,
            is_testnet=account.is_testnet,
        )
        store_markets(account, markets)
    return _store(account.pk, judged, found, keys)


async def _ask(broker: Broker) -> tuple[Permissions, Sequence[Market]]:
    return await broker.check(), await broker.markets()


@transaction.atomic
def _store(account_id: int, judged: Verdict, found: Permissions | None, keys: Keys) -> AccountState:
    account = TradingAccount.objects.select_for_update().get(pk=account_id)
    given: Any = account.next_credentials
    account.next_credentials = None  # type: ignore[assignment]  # the stubs know of no null here
    account.checked_at = timezone.now()
    account.error = judged.words[:500]
    serves_on = given and account.credentials and account.state == AccountState.CONNECTED
    if judged.keep_keys:
        if given:
            account.credentials = given.reveal()
        account.key_digest = keys.digest
        account.permissions = asdict(found) if found else {}
        if account.state != AccountState.FROZEN:
            account.state = judged.state
    elif not serves_on:  # else the keys in force stay, and the new ones are forgotten
        account.credentials, account.key_digest = "", ""
        account.state = judged.state
    account.save()
    tell_account(account)
    AccountSync.objects.get_or_create(account=account, defaults={"trades_since": timezone.now()})
    record(
        actor=None,
        workspace=account.workspace,
        action="trading.account.checked",
        target=account,
        changes={"state": account.state, "words": account.error, "key_ends_with": keys.ends_with},
    )
    account_moved.send_on_commit(account_id=account.pk, state=account.state)
    if account.state == AccountState.CONNECTED:
        enqueue_on_commit("trading.compare_account", account_id=account.pk)
    return AccountState(account.state)


@transaction.atomic
def mark_failed(account: TradingAccount, words: str) -> None:
    """The exchange does not take the keys any more: nothing is sent until new ones come."""
    changed = TradingAccount.objects.filter(pk=account.pk, state=AccountState.CONNECTED).update(
        state=AccountState.FAILED, error=words[:500]
    )
    if not changed:
        return
    account.refresh_from_db()
    tell_account(account)
    record(
        actor=None,
        workspace=account.workspace,
        action="trading.account.failed",
        target=account,
        changes={"words": words},
    )
    account_moved.send_on_commit(account_id=account.pk, state=account.state)
    queue_notices(
        [
            NewNotice(
                person_id=person,
                event=ACCOUNT_FAILED.name,
                key=f"account-failed:{account.uuid}:{timezone.now():%Y%m%d%H}:{person}",
                data=lambda: {
                    "title": gettext("{name} takes no orders").format(name=account.name),
                    "text": gettext("Its exchange does not take the keys any more: {words}").format(
                        words=words
                    ),
                    "url": f"/trading/accounts/{account.uuid}/",
                    "url_words": gettext("Open the account"),
                },
                workspace_id=account.workspace_id,
            )
            for person in people_with(account.workspace, "trading.manage")
        ]
    )


def _packed(api_key: str, secret: str, password: str) -> str:
    return json.dumps({"api_key": api_key.strip(), "secret": secret.strip(), "password": password})


def _at_exchange(account: TradingAccount) -> None:
    if account.kind != AccountKind.EXCHANGE:
        raise NotAtExchange(
            gettext("{name} is a paper account: it has no exchange and no keys.").format(name=account.name)
        )
