"""What the played Midtrans holds: orders, transactions, refunds. No HTTP here."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha512
from threading import RLock
from typing import Any

JAKARTA = timezone(timedelta(hours=7))
ORDER_ID = re.compile(r"[A-Za-z0-9._~-]{1,50}")

# Card numbers that Midtrans' own sandbox knows.
CARDS = {
    "4811111111111114": ("capture", "accept", "200", "Approved"),
    "4911111111111113": ("deny", "deny", "202", "Do not honour"),
    "4511111111111117": ("capture", "challenge", "201", "Challenged"),
}
FINAL = ("expire", "cancel", "refund")


class ApiError(Exception):
    """An answer that is no success: the HTTP status and the body."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(body)
        self.status, self.body = status, body


def core_error(code: int, message: str) -> ApiError:
    """The core API writes its status into the body, and answers with it too."""
    return ApiError(code, {"status_code": str(code), "status_message": message, "id": str(uuid.uuid4())})


def snap_error(status: int, *messages: str) -> ApiError:
    return ApiError(status, {"error_messages": list(messages)})


def stamp(moment: datetime) -> str:
    """Times are those of Jakarta, without saying so."""
    return moment.astimezone(JAKARTA).strftime("%Y-%m-%d %H:%M:%S")


@dataclass
class Order:
    """A page that waits at `token` for somebody to pay, whole rupiah."""

    token: str
    order_id: str
    gross_amount: int
    items: list[dict[str, Any]]
    expires_at: datetime
    finish_url: str
    notify_urls: list[str]


@dataclass
class Transaction:
    """An attempt to pay an order; the order's last one is what the status API shows."""

    order: Order
    transaction_id: str
    payment_type: str
    status: str
    status_code: str
    made_at: datetime
    fraud: str = "accept"
    message: str = ""
    settled_at: datetime | None = None
    refunds: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def refunded(self) -> int:
        return sum(int(float(one["refund_amount"])) for one in self.refunds)


class Books:
    """All of it, behind one lock. `key` is the merchant's server key. The clock can be set ahead by `ahead`."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.lock = RLock()
        self.orders: dict[str, Order] = {}  # by token
        self.transactions: dict[str, Transaction] = {}  # by order id, the last one
        self.ahead = timedelta()
        self.refund_bank_says_no = False

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    # Snap

    def open(self, body: Any, notify_urls: list[str]) -> Order:
        details = (body or {}).get("transaction_details") or {}
        order_id, amount = details.get("order_id"), details.get("gross_amount")
        if not order_id:
            raise snap_error(400, "transaction_details.order_id is required")
        if not ORDER_ID.fullmatch(str(order_id)):
            raise snap_error(
                400, "transaction_details.order_id may hold letters, digits, - _ ~ . and 50 at most"
            )
        if not isinstance(amount, int) or amount < 1:
            raise snap_error(400, "transaction_details.gross_amount must be greater than or equal to 0.01")
        items = body.get("item_details") or []
        if items and sum(item["price"] * item["quantity"] for item in items) != amount:
            raise snap_error(400, "transaction_details.gross_amount is not equal to the sum of item_details")
        taken = self.transactions.get(order_id)
        if taken and taken.status != "deny":
            raise snap_error(400, "transaction_details.order_id has already been taken")
        order = Order(
            token=str(uuid.uuid4()),
            order_id=order_id,
            gross_amount=amount,
            items=items,
            expires_at=self._expiry(body.get("expiry")),
            finish_url=(body.get("callbacks") or {}).get("finish", ""),
            notify_urls=notify_urls,
        )
        self.orders[order.token] = order
        return order

    def _expiry(self, wish: dict[str, Any] | None) -> datetime:
        if not wish:
            return self.now() + timedelta(hours=24)
        start = wish.get("start_time")
        begins = datetime.strptime(start, "%Y-%m-%d %H:%M:%S %z") if start else self.now()
        return begins + timedelta(**{f"{wish['unit'].rstrip('s')}s": wish["duration"]})

    def pay(self, token: str, *, card: str = "", method: str = "credit_card") -> Transaction:
        """What somebody does on the page: a card is charged, a transfer waits to be made."""
        order = self.orders[token]
        earlier = self.transactions.get(order.order_id)
        if earlier and earlier.status != "deny":
            raise snap_error(400, f"the order is {earlier.status} already")
        if self.now() >= order.expires_at:
            raise snap_error(400, "the payment page has expired")
        if method == "credit_card":
            status, fraud, code, told = CARDS.get(
                card.replace(" ", ""), ("deny", "deny", "202", "Unknown card")
            )
            digits = card.replace(" ", "")
            extra: dict[str, Any] = {
                "masked_card": f"{digits[:8]}-{digits[-4:]}",
                "bank": "bni",
                "card_type": "credit",
                "channel_response_code": "00" if status == "capture" else "05",
                "channel_response_message": told,
            }
        else:
            status, fraud, code, told, extra = "pending", "accept", "201", "", {}
            if method == "bank_transfer":
                extra = {"va_numbers": [{"bank": "bca", "va_number": str(uuid.uuid4().int)[:12]}]}
        done = Transaction(
            order=order,
            transaction_id=str(uuid.uuid4()),
            payment_type=method,
            status=status,
            status_code=code,
            made_at=self.now(),
            fraud=fraud,
            message=told,
            extra=extra,
        )
        self.transactions[order.order_id] = done
        return done

    # The core API; an id is the order's or the transaction's

    def find(self, wanted: str) -> Transaction:
        self._expire_due()
        for one in self.transactions.values():
            if wanted in (one.order.order_id, one.transaction_id):
                return one
        raise core_error(404, "Transaction doesn't exist.")

    def _expire_due(self) -> None:
        for one in self.transactions.values():
            if one.status == "pending" and self.now() >= one.order.expires_at:
                one.status, one.status_code = "expire", "202"

    def settle(self, wanted: str) -> Transaction:
        """The bank moved the money: of a card the day after, of a transfer when it was made."""
        one = self.find(wanted)
        if one.status not in ("pending", "capture"):
            raise core_error(412, "Merchant cannot modify the status of the transaction")
        one.status, one.status_code, one.settled_at = "settlement", "200", self.now()
        return one

    def cancel(self, wanted: str) -> Transaction:
        one = self.find(wanted)
        if one.status not in ("pending", "capture", "authorize"):
            raise core_error(412, "Merchant cannot modify the status of the transaction")
        one.status, one.status_code = "cancel", "200"
        return one

    def expire(self, wanted: str) -> Transaction:
        one = self.find(wanted)
        if one.status != "pending":
            raise core_error(412, "Merchant cannot modify the status of the transaction")
        one.status, one.status_code = "expire", "407"
        return one

    def decide(self, wanted: str, accept: bool) -> Transaction:
        """Staff of the merchant look at a challenged card."""
        one = self.find(wanted)
        if one.fraud != "challenge":
            raise core_error(412, "Merchant cannot modify the status of the transaction")
        one.fraud, one.status_code = ("accept", "200") if accept else ("deny", "202")
        one.status = "capture" if accept else "deny"
        return one

    def refund(self, wanted: str, body: Any) -> dict[str, Any]:
        one = self.find(wanted)
        key, amount = body.get("refund_key") or str(uuid.uuid4()), body.get("amount")
        if any(made["refund_key"] == key for made in one.refunds):
            raise core_error(406, "Duplicate refund ID")
        if one.status not in ("settlement", "partial_refund"):
            raise core_error(412, "Merchant cannot modify the status of the transaction")
        left = one.order.gross_amount - one.refunded
        amount = left if amount is None else int(amount)
        if not 0 < amount <= left:
            raise core_error(414, "Refund request is rejected due to invalid amount")
        if self.refund_bank_says_no:
            return self.shown(one) | {
                "status_code": "202",
                "status_message": "Refund denied by the bank",
                "refund_key": key,
                "refund_amount": "0.00",
            }
        made = {
            "refund_chargeback_id": int(uuid.uuid4().int % 10**9),
            "refund_amount": f"{amount}.00",
            "created_at": stamp(self.now()),
            "reason": body.get("reason", ""),
            "refund_key": key,
            "refund_method": "online",
        }
        one.refunds.append(made)
        one.status = "refund" if one.refunded == one.order.gross_amount else "partial_refund"
        one.status_code = "200"
        return self.shown(one) | {
            "status_message": "Success, refund request is approved",
            "refund_chargeback_id": made["refund_chargeback_id"],
            "refund_key": key,
        }

    def shown(self, one: Transaction) -> dict[str, Any]:
        """As the status API writes it; a notification is the same. Amounts are texts with two decimals."""
        gross = f"{one.order.gross_amount}.00"
        body: dict[str, Any] = {
            "status_code": one.status_code,
            "status_message": one.message or "Success, transaction is found",
            "transaction_id": one.transaction_id,
            "order_id": one.order.order_id,
            "gross_amount": gross,
            "currency": "IDR",
            "payment_type": one.payment_type,
            "transaction_time": stamp(one.made_at),
            "transaction_status": one.status,
            "merchant_id": "G000000000",
            "signature_key": sign(one.order.order_id, one.status_code, gross, self.key),
            **one.extra,
        }
        if one.payment_type != "cstore":
            body["fraud_status"] = one.fraud
        if one.settled_at:
            body["settlement_time"] = stamp(one.settled_at)
        if one.refunds:
            body |= {"refund_amount": f"{one.refunded}.00", "refunds": one.refunds}
        return body


def sign(order_id: str, status_code: str, gross_amount: str, key: str) -> str:
    return sha512(f"{order_id}{status_code}{gross_amount}{key}".encode()).hexdigest()
