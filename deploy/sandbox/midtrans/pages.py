"""The payment page, as plain as can be."""

from __future__ import annotations

from html import escape
from typing import Any

from deploy.sandbox.midtrans.books import CARDS, Order, Transaction

STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 2rem auto; padding: 0 1rem }
.sandbox { border: 1px solid #d98a1c; border-radius: 8px; padding: .5rem .75rem }
table { width: 100%; border-collapse: collapse; margin: 1rem 0 } td { padding: .25rem 0 }
td:last-child { text-align: right; font-variant-numeric: tabular-nums }
fieldset { border: 1px solid #8886; border-radius: 8px; margin: 0 0 1rem; padding: .75rem }
input, button { font: inherit; padding: .5rem .75rem; width: 100%; box-sizing: border-box; margin-top: .5rem }
"""


def payment_page(order: Order, last: Transaction | None, trouble: str = "") -> str:
    """Where one pays; after a transfer was begun, where one plays the bank."""
    rows = "".join(
        f"<tr><td>{escape(str(item['name']))}</td><td>{_rupiah(item['price'] * item['quantity'])}</td></tr>"
        for item in order.items
    )
    parts = [
        f"<h1>{_rupiah(order.gross_amount)}</h1>",
        f"<table>{rows}<tr><td>Order</td><td>{escape(order.order_id)}</td></tr></table>",
    ]
    if trouble or (last and last.status == "deny"):
        words = trouble or f"The card was refused: {last.message if last else ''}."
        parts.append(f'<p role="alert">{escape(words)}</p>')
    if last is None or last.status == "deny":
        parts += [
            _card_form(),
            _form("bank_transfer", "Pay by bank transfer"),
            _form("gopay", "Pay with GoPay"),
        ]
    elif last.status == "pending":
        number = last.extra.get("va_numbers", [{}])[0].get("va_number", "")
        parts.append(f"<p>Waiting for the payment{f' to account {number}' if number else ''}.</p>")
        parts.append(_form("settle", "Play the bank: the money arrived"))
    else:
        parts.append(f"<p>This order is closed: {escape(last.status)}.</p>")
    return _page("Payment", "".join(parts))


def _card_form() -> str:
    numbers = ", ".join(" ".join(card[n : n + 4] for n in range(0, 16, 4)) for card in CARDS)
    return (
        '<form method="post"><fieldset><legend>Card</legend><input type="hidden" name="do" value="credit_card">'
        '<label>Number <input name="card" inputmode="numeric" value="4811 1111 1111 1114" required></label>'
        f"<small>Accepted, refused, to be looked at: {numbers}</small><button>Pay by card</button></fieldset></form>"
    )


def _form(action: str, words: str) -> str:
    return (
        f'<form method="post"><input type="hidden" name="do" value="{action}"><button>{words}</button></form>'
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title} · Midtrans sandbox</title><style>{STYLE}</style>"
        f'<p class="sandbox">Sandbox of this machine in the place of Midtrans: no money is moved.</p>{body}</html>'
    )


def _rupiah(amount: Any) -> str:
    return f"Rp {int(amount):,}"
