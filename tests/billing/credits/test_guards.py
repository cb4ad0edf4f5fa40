"""The database keeps the ledger whole by itself: what somebody with SQL alone cannot do, however he tries."""

from __future__ import annotations

import re

import pytest
from django.db import Error, connection, transaction

from apps.billing.models import CreditBucket, LedgerEntry, LedgerTransaction
from apps.billing.services.credits import Need, Refund, hold_many, refund_many, settle_many, verify_credits
from tests.billing.credits.conftest import balances, with_credits

pytestmark = pytest.mark.django_db

ADD = """
WITH t AS (
    INSERT INTO billing_ledgertransaction
        (workspace_id, kind, key, amount, change, balance, hold_id, reference, created_at)
    VALUES ({workspace}, '{kind}', 'raw', {amount}, {change}, 0, {hold}, '', now()) RETURNING id
)
INSERT INTO billing_ledgerentry (transaction_id, bucket_id, debit, credit, amount)
SELECT t.id, {bucket}, move.debit, move.credit, move.amount
FROM t, (VALUES {moves}) AS move (debit, credit, amount)
"""
ALONE = """
INSERT INTO billing_ledgerentry (transaction_id, bucket_id, debit, credit, amount)
VALUES ({transaction}, {bucket}, '{debit}', '{credit}', {amount})
"""


@pytest.fixture
def place(purse):
    """A purse of 100, of which 20 are held and 5 were spent; and another workspace's bucket of 10."""
    hold_many([Need(purse.pk, "open", 20), Need(purse.pk, "done", 8)])
    settle_many([("done", 5)])
    bucket = CreditBucket.objects.get()
    other = with_credits(10)
    return {
        "workspace": purse.pk,
        "bucket": bucket.pk,
        "other": other.pk,
        "foreign": CreditBucket.objects.get(workspace_id=other.pk).pk,
        "open": LedgerTransaction.objects.get(key="open").pk,
        "done": LedgerTransaction.objects.get(key="done").pk,
        "settled": LedgerTransaction.objects.get(key="done#end").pk,
    }


def carry_out(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(sql: str, words: str) -> None:
    """The statement fails by the guard that says so, and leaves everything as it was."""
    before = [balances(bucket) for bucket in CreditBucket.objects.order_by("id")]
    rows = LedgerTransaction.objects.count(), LedgerEntry.objects.count()
    with pytest.raises(Error, match=words):
        carry_out(sql)
    assert [balances(bucket) for bucket in CreditBucket.objects.order_by("id")] == before
    assert (LedgerTransaction.objects.count(), LedgerEntry.objects.count()) == rows
    assert verify_credits().faults == []


@pytest.mark.parametrize(
    "table", ["billing_ledgertransaction", "billing_ledgerentry", "billing_creditbucket"]
)
def test_nothing_is_changed_removed_or_emptied(place, table):
    column = "available" if table == "billing_creditbucket" else "amount"
    refused(f"UPDATE {table} SET {column} = {column} + 1", "only ever added to")
    refused(f"UPDATE {table} SET id = id", "only ever added to")
    refused(f"DELETE FROM {table}", "only ever added to")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL journal.may_truncate = ''")
    refused(f"TRUNCATE {table} CASCADE", "never emptied")


def test_no_bucket_begins_with_credits(place):
    columns = "workspace_id, uuid, source, priority, created_at, issued, available"
    refused(
        f"INSERT INTO billing_creditbucket ({columns}) VALUES (1, gen_random_uuid(), 'bonus', 1, now(), 5, 5)",
        "begins empty",
    )
    refused(
        f"INSERT INTO billing_creditbucket ({columns}) VALUES (1, gen_random_uuid(), 'bonus', 1, now(), 0, 5)",
        "billing_bucket_balanced",
    )


def add(place, *moves: tuple[str, str, int], kind: str, amount: int, change: int, **more) -> str:
    values = {"workspace": place["workspace"], "bucket": place["bucket"], "hold": "NULL"} | more
    listed = ", ".join(f"('{debit}', '{credit}', {number})" for debit, credit, number in moves)
    return ADD.format(kind=kind, amount=amount, change=change, moves=listed, **values)


ATTACKS = {
    "hold more than there is": (
        {"moves": [("available", "held", 76)], "kind": "hold", "amount": 76, "change": -76},
        "billing_bucket_balanced",
    ),
    "expire more than there is": (
        {"moves": [("available", "expired", 76)], "kind": "expire", "amount": 76, "change": -76},
        "billing_bucket_balanced",
    ),
    "an amount that is not what the entries move": (
        {"moves": [("available", "held", 5)], "kind": "hold", "amount": 4, "change": -5},
        "are not what it says",
    ),
    "a change that is not what the entries make": (
        {"moves": [("issued", "available", 5)], "kind": "grant", "amount": 5, "change": 50},
        "are not what it says",
    ),
    "a negative amount": (
        {"moves": [("available", "held", -5)], "kind": "hold", "amount": -5, "change": 5},
        "amount_gt_0",
    ),
    "a move there is not": (
        {"moves": [("spent", "held", 5)], "kind": "refund", "amount": 5, "change": 0, "hold": "done"},
        "billing_entry_known_move",
    ),
    "a move of another kind": (
        {"moves": [("issued", "available", 5)], "kind": "hold", "amount": 5, "change": 5},
        "are not what it says",
    ),
    "a kind there is not": (
        {"moves": [("issued", "available", 5)], "kind": "gift", "amount": 5, "change": 5},
        "are not what it says",
    ),
    "credits of another workspace": (
        {"moves": [("available", "held", 5)], "kind": "hold", "amount": 5, "change": -5, "bucket": "foreign"},
        "no bucket of its workspace",
    ),
    "a bucket there is not": (
        {"moves": [("available", "held", 5)], "kind": "hold", "amount": 5, "change": -5, "bucket": 0},
        "no bucket of its workspace",
    ),
    "settle what is settled": (
        {"moves": [("held", "spent", 8)], "kind": "settle", "amount": 8, "change": 0, "hold": "done"},
        "billing_ledger_closed_once",
    ),
    "settle a part only": (
        {"moves": [("held", "spent", 5)], "kind": "settle", "amount": 5, "change": 0, "hold": "open"},
        "does not fit what was held",
    ),
    "settle without a hold": (
        {"moves": [("held", "spent", 20)], "kind": "settle", "amount": 20, "change": 0},
        "billing_ledger_names_its_hold",
    ),
    "settle a settlement": (
        {"moves": [("held", "spent", 8)], "kind": "settle", "amount": 8, "change": 0, "hold": "settled"},
        "does not fit what was held",
    ),
    "refund more than was spent": (
        {"moves": [("spent", "available", 6)], "kind": "refund", "amount": 6, "change": 6, "hold": "done"},
        "does not fit what was held|billing_bucket_balanced",
    ),
    "refund what is not settled": (
        {"moves": [("spent", "available", 5)], "kind": "refund", "amount": 5, "change": 5, "hold": "open"},
        "does not fit what was held",
    ),
    "the same key again": (
        {"moves": [("issued", "available", 5)], "kind": "grant", "amount": 5, "change": 5, "key": "open"},
        "billing_ledger_key",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attack(place, attack):
    values, words = ATTACKS[attack]
    values = {
        name: place.get(value, value) if isinstance(value, str) else value for name, value in values.items()
    }
    key = values.pop("key", None)
    sql = add(place, *values.pop("moves"), **values)
    refused(sql.replace("'raw'", "'open'") if key else sql, words)


def test_the_twin_of_the_attacks_is_taken(place):
    """The same statement, with nothing wrong in it: what fails above fails by its fault alone."""
    for kind, debit, credit, amount, change, hold in (
        ("hold", "available", "held", 75, -75, "NULL"),
        ("settle", "held", "spent", 20, 0, place["open"]),
        ("refund", "spent", "available", 5, 5, place["done"]),
    ):
        sql = add(place, (debit, credit, amount), kind=kind, amount=amount, change=change, hold=hold)
        with connection.cursor() as cursor:
            cursor.execute(sql.replace("'raw'", f"'raw {kind}'"))
    assert balances(CreditBucket.objects.get(pk=place["bucket"])) == (5, 75, 20, 0)


def test_refunds_add_up_to_no_more_than_was_spent(place):
    refund_many([Refund("done", "r", 3)])
    hold_many([Need(place["workspace"], "third", 9)])
    settle_many([("third", 9)])  # so that the bucket has spent enough
    refused(
        add(place, ("spent", "available", 3), kind="refund", amount=3, change=3, hold=place["done"]),
        "does not fit what was held",
    )


def test_late_entries_are_refused(place):
    """Also such as would repeat the transaction whole, and such as belong to none."""
    values = {"bucket": place["bucket"], "debit": "available", "credit": "held"}
    refused(ALONE.format(transaction=place["open"], amount=20, **values), "are not what it says")
    refused(ALONE.format(transaction=place["open"], amount=1, **values), "are not what it says")
    refused(ALONE.format(transaction=0, amount=20, **values), "are not what it says")


def test_transaction_without_entries_is_refused(place):
    refused(
        "INSERT INTO billing_ledgertransaction (workspace_id, kind, key, amount, change, balance, reference, created_at)"
        f" VALUES ({place['workspace']}, 'grant', 'raw', 5, 5, 5, '', now())",
        "in one statement with its entries",
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE billing_creditbucket SET available = available + 7, issued = issued + 7", "its entries make"),
        ("UPDATE billing_ledgertransaction SET change = change + 1 WHERE key = 'open'", "transaction .* says"),
        ("UPDATE billing_ledgertransaction SET balance = balance + 1 WHERE key = 'open'", "the balance after it"),
        ("DELETE FROM billing_ledgertransaction WHERE key = 'open'", "to none"),
        ("UPDATE billing_ledgertransaction SET workspace_id = 0 WHERE key = 'open'", "of another workspace"),
        ("DELETE FROM billing_ledgertransaction WHERE key = 'done#end'", "its open holds make"),
        ("UPDATE billing_ledgertransaction SET kind='refund', hold_id = (SELECT id FROM billing_ledgertransaction"
         " WHERE key = 'open') WHERE key = 'done'", "refunds of 8 credits"),
    ],
)  # fmt: skip
def test_verification_finds_what_gets_around_the_guards(place, sql, words):
    assert verify_credits().faults == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    faults = verify_credits().faults
    assert any(re.search(words, fault) for fault in faults), faults
