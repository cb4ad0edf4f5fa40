"""What Midtrans' answers mean: signature, amounts, times, and the map of its states. No network, no database."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from hashlib import sha512
from typing import Any
from uuid import UUID

from apps.billing.choices import CheckoutStatus, PaymentStatus, RefundStatus
from apps.billing.errors import NotificationBroken
from apps.billing.gateways.states import RefundState
from apps.billing.rules.money import decimals

JAKARTA = timezone(timedelta(hours=7))  # its times do not say so

# transaction_status: what became of the payment, and of the order it was for. A refused card may be followed by
# another on the same page, so the order still waits.
STATES: dict[str, tuple[PaymentStatus, CheckoutStatus]] = {
    "capture": (PaymentStatus.SUCCEEDED, CheckoutStatus.COMPLETE),
    "settlement": (PaymentStatus.SUCCEEDED, CheckoutStatus.COMPLETE),
    "refund": (PaymentStatus.SUCCEEDED, CheckoutStatus.COMPLETE),
    "partial_refund": (PaymentStatus.SUCCEEDED, CheckoutStatus.COMPLETE),
    "chargeback": (PaymentStatus.SUCCEEDED, CheckoutStatus.COMPLETE),
    "partial_chargeback": (PaymentStatus.SUCCEEDED, CheckoutStatus.COMPLETE),
    "pending": (PaymentStatus.PENDING, CheckoutStatus.OPEN),
    "authorize": (PaymentStatus.PENDING, CheckoutStatus.OPEN),
    "deny": (PaymentStatus.FAILED, CheckoutStatus.OPEN),
    "failure": (PaymentStatus.FAILED, CheckoutStatus.FAILED),
    "expire": (PaymentStatus.CANCELED, CheckoutStatus.EXPIRED),
    "cancel": (PaymentStatus.CANCELED, CheckoutStatus.FAILED),
}
MOVED = ("capture", "settlement")
BACK = ("refund", "partial_refund", "chargeback", "partial_chargeback")

METHODS = {
    "credit_card": "Card",
    "bank_transfer": "Bank transfer",
    "echannel": "Mandiri bill",
    "gopay": "GoPay",
    "qris": "QRIS",
    "shopeepay": "ShopeePay",
    "cstore": "Convenience store",
    "akulaku": "Akulaku",
    "kredivo": "Kredivo",
}


def signature(order_id: str, status_code: str, gross_amount: str, server_key: str) -> str:
    """SHA512(order_id + status_code + gross_amount + ServerKey) in hex, of the texts as they came."""
    return sha512(f"{order_id}{status_code}{gross_amount}{server_key}".encode()).hexdigest()


def is_signed(told: Mapping[str, Any], server_key: str) -> bool:
    """Whether Midtrans made it: only the two of us know the key. Amounts are texts and are taken as texts."""
    parts = [told.get(name) for name in ("order_id", "status_code", "gross_amount", "signature_key")]
    if not server_key or not all(isinstance(part, str) and part for part in parts):
        return False
    order, code, amount, given = (str(part) for part in parts)
    return hmac.compare_digest(signature(order, code, amount, server_key).encode(), given.lower().encode())


def states_of(told: Mapping[str, Any]) -> tuple[PaymentStatus, CheckoutStatus]:
    """Payment and order. Money counts only when the check against fraud, where there was one, accepted it."""
    status = str(told.get("transaction_status"))
    if status not in STATES:
        raise NotificationBroken(f"Midtrans tells of a transaction_status {status!r} that is not known here.")
    fraud = told.get("fraud_status") or "accept"
    if status in MOVED and fraud == "challenge":
        return PaymentStatus.PENDING, CheckoutStatus.OPEN
    if status in MOVED and fraud != "accept":
        return PaymentStatus.FAILED, CheckoutStatus.FAILED
    return STATES[status]


def minor(text: Any, currency: str) -> int:
    """Minor units of an amount such as "24145.00". Raises NotificationBroken for what is no such amount."""
    try:
        amount = Decimal(str(text)) * 10 ** decimals(currency)
    except InvalidOperation:
        raise NotificationBroken(f"Midtrans tells of an amount {text!r}, which is none.") from None
    if not amount.is_finite() or amount != int(amount) or amount < 0:
        raise NotificationBroken(f"Midtrans tells of an amount {text!r}, finer than {currency} is divided.")
    return int(amount)


def moment(text: Any) -> datetime | None:
    """Its local time of Jakarta; None where it says none."""
    return datetime.strptime(str(text)[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=JAKARTA) if text else None


def refunds_of(told: Mapping[str, Any], currency: str) -> tuple[RefundState, ...]:
    """What went back. Where it lists no single refunds, their sum is one. A refund it tells of has left our balance."""
    if told.get("transaction_status") not in BACK:
        return ()
    made_at = moment(told.get("transaction_time")) or datetime.now(JAKARTA)
    listed = told.get("refunds") or [
        {
            "refund_chargeback_id": "sum",
            "refund_amount": told.get("refund_amount") or told.get("gross_amount"),
        }
    ]
    return tuple(
        RefundState(
            external_id=str(one.get("refund_chargeback_id")),
            amount=minor(one.get("refund_amount"), currency),
            status=RefundStatus.SUCCEEDED,
            made_at=moment(one.get("created_at")) or made_at,
            reason=str(one.get("reason") or ""),
            asked=_uuid_or_nothing(one.get("refund_key")),
        )
        for one in listed
    )


def method_of(told: Mapping[str, Any]) -> str:
    """As people know it: "GoPay", "Card 48111111-1114", "Bank transfer BCA"."""
    kind = str(told.get("payment_type") or "")
    banks = told.get("va_numbers") or [{}]
    more = {
        "credit_card": str(told.get("masked_card") or ""),
        "bank_transfer": str(banks[0].get("bank") or "").upper(),
        "cstore": str(told.get("store") or "").capitalize(),
    }.get(kind, "")
    return f"{METHODS.get(kind, kind)} {more}".strip()


def _uuid_or_nothing(key: Any) -> str:
    """Our refunds are asked for by their uuid; those made on the dashboard have keys of another kind."""
    try:
        return str(UUID(str(key)))
    except ValueError:
        return ""
