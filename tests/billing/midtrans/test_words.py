"""What Midtrans says, against what docs.midtrans.com says of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.billing.errors import NotificationBroken
from apps.billing.gateways.midtrans.words import (
    is_signed,
    method_of,
    minor,
    moment,
    refunds_of,
    signature,
    states_of,
)

# docs.midtrans.com, "Handle notifications", has these four inputs; the digest is that of its payload for order 1111,
# and what `printf 1111200100000.00KEY | sha512sum` says.
KEY = "askvnoibnosifnboseofinbofinfgbiufglnbfg"
DIGEST = (
    "edc076b21793ebe3e17926350f5b8ae67d902fe657b3d0aa31b932d5c127e237"
    "5d308a2bc94f3265ac2d80a1f181a79b997ac178a236fcff35af263fc4d4c231"
)
TOLD = {"order_id": "1111", "status_code": "200", "gross_amount": "100000.00", "signature_key": DIGEST}


def test_the_documented_vector():
    assert signature("1111", "200", "100000.00", KEY) == DIGEST
    assert is_signed(TOLD, KEY)


@pytest.mark.parametrize(
    "changed",
    [
        {"order_id": "1112"},
        {"status_code": "201"},
        {"gross_amount": "100000"},  # the amount counts as the text it is
        {"gross_amount": 100000.0},
        {"signature_key": DIGEST[:-1] + "2"},
        {"signature_key": ""},
        {"signature_key": None},
    ],
)
def test_any_other_text_is_not_signed(changed: dict):
    assert not is_signed(TOLD | changed, KEY)


def test_nothing_is_signed_without_a_key():
    assert not is_signed(TOLD | {"signature_key": signature("1111", "200", "100000.00", "")}, "")
    assert not is_signed(TOLD, "another key")


@pytest.mark.parametrize(
    ("status", "fraud", "payment", "order"),
    [
        ("capture", "accept", "succeeded", "complete"),
        ("capture", "challenge", "pending", "open"),
        ("capture", "deny", "failed", "failed"),
        ("settlement", "accept", "succeeded", "complete"),
        ("settlement", None, "succeeded", "complete"),  # shops and banks are not checked for fraud
        ("settlement", "challenge", "pending", "open"),
        ("pending", "accept", "pending", "open"),
        ("authorize", "accept", "pending", "open"),
        ("deny", "deny", "failed", "open"),  # the page lets one try another card
        ("failure", None, "failed", "failed"),
        ("expire", "accept", "canceled", "expired"),
        ("cancel", "accept", "canceled", "failed"),
        ("refund", "accept", "succeeded", "complete"),
        ("partial_refund", "accept", "succeeded", "complete"),
    ],
)
def test_state_map(status: str, fraud: str | None, payment: str, order: str):
    told = {"transaction_status": status} | ({"fraud_status": fraud} if fraud else {})
    assert states_of(told) == (payment, order)


def test_an_unknown_state_is_no_silent_default():
    with pytest.raises(NotificationBroken, match="'settled'"):
        states_of({"transaction_status": "settled"})


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [("24145.00", "IDR", 2_414_500), ("24145", "IDR", 2_414_500), ("1.50", "USD", 150), ("7", "JPY", 7)],
)
def test_amounts(text: str, currency: str, expected: int):
    assert minor(text, currency) == expected


@pytest.mark.parametrize("text", ["", "1,5", "-1.00", "1.005", None, "NaN", "Infinity"])
def test_what_is_no_amount(text: str | None):
    with pytest.raises(NotificationBroken):
        minor(text, "IDR")


def test_times_are_those_of_jakarta():
    assert moment("2020-01-09 18:27:19") == datetime(2020, 1, 9, 11, 27, 19, tzinfo=UTC)
    assert moment(None) is None


def test_refunds_one_by_one_or_their_sum():
    told = {
        "transaction_status": "partial_refund",
        "gross_amount": "698879.00",
        "transaction_time": "2015-02-04 00:53:55",
        "refunds": [
            {
                "refund_chargeback_id": 1,
                "refund_amount": "5000.00",
                "created_at": "2015-02-27 00:14:20",
                "reason": "some reason",
                "refund_key": "5b8ae67d-902f-4657-b3d0-aa31b932d5c1",
            },
            {"refund_chargeback_id": 2, "refund_amount": "7000.00", "refund_key": "reference2"},
        ],
    }
    one, two = refunds_of(told, "IDR")
    assert (one.external_id, one.amount, one.reason) == ("1", 500_000, "some reason")
    assert one.asked == "5b8ae67d-902f-4657-b3d0-aa31b932d5c1"
    assert one.made_at == datetime(2015, 2, 26, 17, 14, 20, tzinfo=UTC)
    assert (two.amount, two.asked) == (700_000, "")
    (whole,) = refunds_of({"transaction_status": "refund", "gross_amount": "698879.00"}, "IDR")
    assert whole.amount == 69_887_900
    assert refunds_of({"transaction_status": "settlement", "gross_amount": "1.00"}, "IDR") == ()


def test_methods_as_people_know_them():
    assert method_of({"payment_type": "credit_card", "masked_card": "48111111-1114"}) == "Card 48111111-1114"
    assert (
        method_of({"payment_type": "bank_transfer", "va_numbers": [{"bank": "bca"}]}) == "Bank transfer BCA"
    )
    assert method_of({"payment_type": "gopay"}) == "GoPay"
    assert method_of({"payment_type": "cstore", "store": "indomaret"}) == "Convenience store Indomaret"
    assert method_of({"payment_type": "novelty"}) == "novelty"
