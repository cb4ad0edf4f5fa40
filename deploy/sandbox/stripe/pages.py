"""The pages a customer sees: payment, portal, invoice. Plain HTML without scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from deploy.sandbox.stripe.world import Object, World

STYLE = """
:root{color-scheme:light dark;--line:#8884;--soft:#888;--main:#635bff}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;margin:0}
.note{background:#ffb02033;border-bottom:1px solid #ffb020;padding:.6rem 1rem;text-align:center;font-size:.9rem}
main{max-width:34rem;margin:0 auto;padding:1.5rem 1rem}
h1{font-size:1.3rem;margin:.2rem 0 1rem}
h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
label{display:block;margin:.8rem 0 .2rem;font-size:.9rem}
input,select{width:100%;padding:.6rem;font:inherit;border:1px solid var(--line);border-radius:6px}
.two{display:grid;grid-template-columns:1fr 1fr;gap:.8rem}
button{font:inherit;font-weight:600;padding:.7rem 1rem;border:0;border-radius:6px;background:var(--main);color:#fff;cursor:pointer;margin-top:1rem}
button.plain{background:none;color:inherit;border:1px solid var(--line)}
.wide{width:100%}
table{width:100%;border-collapse:collapse}
td,th{padding:.4rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
td{padding-right:.6rem;overflow-wrap:anywhere}
td:last-child,th:last-child{padding-right:0;text-align:right;white-space:nowrap}
.bad{background:#d0021b22;border:1px solid #d0021b;border-radius:6px;padding:.6rem .8rem}
.soft{color:var(--soft);font-size:.9rem}
form.line{display:inline}
"""
COUNTRIES = {
    "US": "United States",
    "DE": "Germany",
    "FR": "France",
    "GB": "United Kingdom",
    "ID": "Indonesia",
    "JP": "Japan",
    "TR": "Türkiye",
}
WHOLE = {
    "bif",
    "clp",
    "djf",
    "gnf",
    "jpy",
    "kmf",
    "krw",
    "mga",
    "pyg",
    "rwf",
    "vnd",
    "vuv",
    "xaf",
    "xof",
    "xpf",
}


def money(amount: int, currency: str) -> str:
    sign = "−" if amount < 0 else ""
    whole, part = (abs(amount), 0) if currency in WHOLE else divmod(abs(amount), 100)
    return f"{sign}{currency.upper()} {whole:,}" + ("" if currency in WHOLE else f".{part:02d}")


def day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%d %B %Y}"


def page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f'<body><div class="note">Sandbox: no money moves here. It stands in for Stripe.</div><main>{body}</main></body></html>'
    )


def problem(text: str) -> str:
    return f'<p class="bad" role="alert">{escape(text)}</p>' if text else ""


def card_fields(number: str = "") -> str:
    return (
        f'<label for="card">Card number</label><input id="card" name="card" inputmode="numeric" autocomplete="cc-number" '
        f'required placeholder="4242 4242 4242 4242" value="{escape(number)}">'
        '<div class="two"><div><label for="expiry">Expiry</label><input id="expiry" name="expiry" placeholder="12 / 34" '
        'value="12 / 34"></div><div><label for="cvc">CVC</label><input id="cvc" name="cvc" inputmode="numeric" '
        'value="123"></div></div>'
    )


def checkout(world: World, session: Object, error: str = "", typed: Object | None = None) -> str:
    typed = typed or {}
    if session["status"] != "open":
        return page(
            "Payment",
            f"<h1>This page is {escape(session['status'])}</h1><p>Nothing can be paid here any more.</p>",
        )
    currency = session["currency"]
    rows = ""
    for one in session["_line_items"]["data"]:
        price = world.objects[one["price"]]
        every = f" a {price['recurring']['interval']}" if price["recurring"] else ""
        rows += (
            f"<tr><td>{escape(one['description'])} <span class='soft'>× {one['quantity']}</span></td>"
            f"<td>{money(one['amount_subtotal'], currency)}{every}</td></tr>"
        )
    details = session["total_details"]
    if details["amount_discount"]:
        rows += f"<tr><td>Discount</td><td>{money(-details['amount_discount'], currency)}</td></tr>"
    if details["amount_tax"]:
        rows += f"<tr><td>Tax</td><td>{money(details['amount_tax'], currency)}</td></tr>"
    if days := session["_subscription"].get("trial_period_days"):
        rows += f"<tr><td>Trial</td><td>{escape(days)} days</td></tr>"
    customer = world.objects.get(session["customer"] or "") or {}
    email = customer.get("email") or session["customer_email"] or ""
    country = typed.get("country") or (customer.get("address") or {}).get("country") or "US"
    options = "".join(
        f'<option value="{code}"{" selected" if code == country else ""}>{name}</option>'
        for code, name in COUNTRIES.items()
    )
    promotion = ""
    if session["allow_promotion_codes"]:
        promotion = (
            '<label for="code">Promotion code</label>'
            f'<input id="code" name="code" autocomplete="off" value="{escape(typed.get("code", ""))}">'
        )
    label = (
        "Subscribe"
        if session["mode"] == "subscription"
        else f"Pay {money(session['amount_total'], currency)}"
    )
    back = ""
    if session["cancel_url"]:
        back = f'<p><a href="{escape(session["cancel_url"])}">Back without paying</a></p>'
    return page(
        "Payment",
        f"<h1>Pay {money(session['amount_total'], currency)}</h1>{problem(error)}<table>{rows}"
        f"<tr><th>Due today</th><th>{money(session['amount_total'], currency)}</th></tr></table>"
        f'<form method="post"><label for="email">Email</label><input id="email" name="email" type="email" required '
        f'value="{escape(typed.get("email") or email)}">{card_fields(typed.get("card", ""))}'
        f'<label for="name">Name on the card</label><input id="name" name="name" required value="{escape(typed.get("name", ""))}">'
        f'<label for="country">Country</label><select id="country" name="country">{options}</select>{promotion}'
        f'<button class="wide" id="pay">{label}</button></form>{back}'
        '<p class="soft">4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined, 4000 0000 0000 0341 is declined at '
        "each renewal.</p>",
    )


def portal(world: World, session: Object, error: str = "") -> str:
    customer = world.objects[session["customer"]]
    body = f"<h1>{escape(customer['name'] or customer['email'] or 'Customer')}</h1>{problem(error)}"
    if session["return_url"]:
        body += f'<p><a id="return" href="{escape(session["return_url"])}">← Return to Candlewright</a></p>'
    body += "<h2>Subscription</h2>"
    alive = [
        one
        for one in world.all("subscription", customer=customer["id"])
        if one["status"] not in ("canceled", "incomplete_expired")
    ]
    for one in alive:
        item = one["items"]["data"][0]
        name = world.objects[item["price"]["product"]]["name"]
        ends = one["cancel_at_period_end"]
        until = day(item["current_period_end"])
        body += (
            f"<p><strong>{escape(name)}</strong> × {item['quantity']}, {escape(one['status'])}<br>"
            f"{'Ends' if ends else 'Renews'} on {until}</p>"
            f'<form method="post" class="line"><input type="hidden" name="subscription" value="{one["id"]}">'
            f'<button class="plain" name="do" value="{"resume" if ends else "cancel"}">'
            f"{'Keep the subscription' if ends else 'Cancel at the end of the period'}</button></form>"
        )
    if not alive:
        body += "<p>None.</p>"
    method = world.objects.get(customer["invoice_settings"]["default_payment_method"] or "")
    shown = f"{method['card']['brand'].title()} •••• {method['card']['last4']}" if method else "None"
    body += (
        f'<h2>Card</h2><p>{escape(shown)}</p><form method="post"><details><summary>Use another card</summary>'
        f'{card_fields()}<button name="do" value="card">Save the card</button></details></form><h2>Invoices</h2><table>'
    )
    for invoice in reversed(list(world.all("invoice", customer=customer["id"]))):
        if invoice["number"]:
            body += (
                f'<tr><td><a href="{escape(invoice["hosted_invoice_url"])}">{escape(invoice["number"])}</a></td>'
                f"<td>{day(invoice['created'])}</td><td>{escape(invoice['status'])}</td>"
                f"<td>{money(invoice['total'], invoice['currency'])}</td></tr>"
            )
    return page("Billing", body + "</table>")


def invoice_page(world: World, invoice: Object, error: str = "") -> str:
    currency = invoice["currency"]
    rows = "".join(
        f"<tr><td>{escape(one['description'])}</td><td>{money(one['amount'], currency)}</td></tr>"
        for one in invoice["lines"]["data"]
    )
    discount = sum(one["amount"] for one in invoice["total_discount_amounts"])
    tax = sum(one["amount"] for one in invoice["total_taxes"])
    if discount:
        rows += f"<tr><td>Discount</td><td>{money(-discount, currency)}</td></tr>"
    if tax:
        rows += f"<tr><td>Tax</td><td>{money(tax, currency)}</td></tr>"
    button = ""
    if invoice["status"] == "open":
        button = f'<form method="post">{card_fields()}<button>Pay {money(invoice["amount_due"], currency)}</button></form>'
    return page(
        f"Invoice {invoice['number']}",
        f"<h1>Invoice {escape(invoice['number'] or '')}</h1>{problem(error)}<p>{day(invoice['created'])}, "
        f"{escape(invoice['status'])}<br>{escape(invoice['customer_name'] or invoice['customer_email'] or '')}</p>"
        f"<table>{rows}<tr><th>Total</th><th>{money(invoice['total'], currency)}</th></tr></table>"
        f'<p><a href="{escape(invoice["invoice_pdf"] or "")}">PDF</a></p>{button}',
    )


def invoice_pdf(world: World, invoice: Object) -> bytes:
    """One page of text: number, date, lines, total."""
    lines = [
        "Candlewright sandbox (stands in for Stripe; no money moved)",
        f"Invoice {invoice['number']}",
        f"{day(invoice['created'])}, {invoice['status']}",
        str(invoice["customer_name"] or invoice["customer_email"] or ""),
        "",
        *(
            f"{one['description']}: {money(one['amount'], invoice['currency'])}"
            for one in invoice["lines"]["data"]
        ),
        f"Total: {money(invoice['total'], invoice['currency'])}",
    ]
    text = b"BT /F1 11 Tf 50 780 Td 16 TL " + b" ".join(
        b"(" + plain(one) + b") Tj T*" for one in lines
    ) + b" ET"  # fmt: skip
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, start)


def plain(text: str) -> bytes:
    raw = text.replace("−", "-").encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def controls(world: World, url: str) -> str:
    """The sandbox's own page: what there is, and how to make time go on."""
    rows = ""
    for customer in reversed(list(world.all("customer"))):
        held = [one["status"] for one in world.all("subscription", customer=customer["id"])]
        rows += (
            f"<tr><td>{escape(customer['email'] or customer['id'])}<br><span class='soft'>{escape(', '.join(held) or 'no subscription')}"
            f'</span></td><td><form method="post" action="/_sandbox/decline" class="line">'
            f'<input type="hidden" name="customer" value="{customer["id"]}">'
            f'<button class="plain" name="declined" value="{"" if customer["_declines"] else "true"}">'
            f"{'Let the card pay again' if customer['_declines'] else 'Decline the card'}</button></form></td></tr>"
        )
    events = "".join(
        f"<tr><td>{escape(one['type'])}</td><td>{datetime.fromtimestamp(one['created'], UTC):%d %b %H:%M:%S}</td></tr>"
        for one in list(world.all("event"))[:-26:-1]
    )
    return page(
        "Payments sandbox",
        f"<h1>Payments sandbox</h1><p>Webhooks go to {escape(url or 'nobody yet')}. Its time: "
        f"{datetime.fromtimestamp(world.now(), UTC):%d %B %Y %H:%M} UTC.</p>"
        '<form method="post" action="/_sandbox/advance"><label for="days">Let days pass</label>'
        '<input id="days" name="days" type="number" min="1" max="400" value="31"><button>Go on</button></form>'
        f"<h2>Customers</h2><table>{rows}</table><h2>Last events</h2><table>{events}</table>",
    )
