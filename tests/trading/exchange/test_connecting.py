"""Keys are checked before they are used, kept sealed, changed without a pause, and refused when they can withdraw."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from apps.journal.models import Entry
from apps.notifications.models import Notice
from apps.trading.choices import AccountState
from apps.trading.errors import AccountNameTaken, UnknownExchange
from apps.trading.models import TradingAccount
from apps.trading.rules.connecting import verdict
from apps.trading.services.exchange import check_account, connect_account, rotate_keys, submit_orders
from apps.trading.services.exchange.connecting import mark_failed
from tests.exchange import Fault

pytestmark = pytest.mark.django_db


def connected(workspace, user, key="key", secret="secret", **more) -> TradingAccount:
    account = connect_account(
        workspace, name=f"At {key}", exchange="binance", api_key=key, secret=secret, actor=user, **more
    )
    check_account(account.pk)
    account.refresh_from_db()
    return account


def raw(account, column: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM trading_tradingaccount WHERE id = %s", [account.pk])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("read", "trade", "withdraw", "testnet", "state"),
    [
        (True, True, False, False, "connected"),
        (True, True, True, False, "refused"),
        (True, True, None, False, "refused"),  # nobody says that they cannot
        (True, True, None, True, "connected"),  # a test network
        (True, True, True, True, "refused"),
        (True, False, False, False, "refused"),
        (False, True, False, False, "refused"),
        (None, True, False, False, "refused"),
    ],
)
def test_the_verdict_on_keys(read, trade, withdraw, testnet, state) -> None:
    judged = verdict(can_read=read, can_trade=trade, can_withdraw=withdraw, is_testnet=testnet)
    assert judged.state == state
    assert judged.keep_keys == (state == "connected")
    assert bool(judged.words) == (state == "refused")


def test_good_keys_are_kept_sealed(exchange, workspace, user) -> None:
    account = connected(workspace, user)
    assert account.state == AccountState.CONNECTED
    assert account.permissions["is_ip_bound"] is False
    assert "Bind them" in account.permissions["notes"][0]
    sealed = raw(account, "credentials")
    assert sealed is not None
    assert sealed.startswith("enc1:")
    assert json.loads(account.credentials.reveal()) == {"api_key": "key", "secret": "secret", "password": ""}
    assert raw(account, "next_credentials") is None
    told = json.dumps(list(Entry.objects.values_list("changes", flat=True)), default=str)
    assert "secret" not in told


@pytest.mark.parametrize("right", ["enableWithdrawals", "enableInternalTransfer"])
def test_keys_that_can_withdraw_are_refused_and_thrown_away(exchange, workspace, user, right) -> None:
    exchange.open_account("dangerous", "secret", **{right: True})
    account = connected(workspace, user, "dangerous")
    assert account.state == AccountState.REFUSED
    assert "withdraw" in account.error
    assert (raw(account, "credentials"), raw(account, "next_credentials")) == ("", None)


def test_wrong_keys_are_refused(exchange, workspace, user) -> None:
    account = connected(workspace, user, secret="mistyped")
    assert account.state == AccountState.REFUSED
    assert "-1022" in account.error


def test_an_exchange_that_does_not_answer_is_asked_again(exchange, workspace, user) -> None:
    exchange.fault(Fault.maintenance("*", times=10))
    account = connected(workspace, user)
    assert (account.state, raw(account, "credentials")) == (AccountState.CHECKING, "")
    exchange.faults.clear()
    assert check_account(account.pk) == AccountState.CONNECTED


def test_keys_are_changed_without_a_pause(exchange, account, user, order) -> None:
    exchange.open_account("newer", "fresh")
    rotate_keys(account, api_key="newer", secret="mistyped", actor=user)
    assert check_account(account.pk) == AccountState.CONNECTED  # with the old ones: the new ones are no good
    account.refresh_from_db()
    assert "-1022" in account.error
    order()
    assert submit_orders(account.pk) == 1
    rotate_keys(account, api_key="newer", secret="fresh", actor=user)
    check_account(account.pk)
    account.refresh_from_db()
    assert (account.state, account.error) == (AccountState.CONNECTED, "")
    order(2)
    submit_orders(account.pk)
    assert [one.account.key for one in exchange.matching.orders] == ["key", "newer"]


def test_a_failure_is_told_once_and_new_keys_end_it(exchange, account, user) -> None:
    mark_failed(account, "Invalid API-key")
    account.refresh_from_db()
    mark_failed(account, "Invalid API-key")
    assert Notice.objects.filter(event="trading.account.failed").count() == 1
    rotate_keys(account, api_key="key", secret="secret", actor=user)
    assert check_account(account.pk) == AccountState.CONNECTED


def test_names_and_exchanges(exchange, account, workspace, user) -> None:
    with pytest.raises(AccountNameTaken):
        connect_account(workspace, name="Binance", exchange="binance", api_key="k", secret="s", actor=user)
    with pytest.raises(UnknownExchange, match="bybit"):
        connect_account(workspace, name="X", exchange="mtgox", api_key="k", secret="s", actor=user)
