"""The double's HTTP side: the API with its rules, the pages, the sandbox's own controls."""

from __future__ import annotations

import json
import re
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from deploy.sandbox.stripe import catalogue, checkout, clock, invoices, pages, payments, subscriptions
from deploy.sandbox.stripe import customers as cards
from deploy.sandbox.stripe.errors import StripeError
from deploy.sandbox.stripe.webhooks import Chaos, Deliverer, sign
from deploy.sandbox.stripe.wire import decode, list_of
from deploy.sandbox.stripe.world import ACCOUNT, Object, World

KEY = re.compile(r"(sk|rk)_test_[A-Za-z0-9]{10,}")
DAY = 86400
TICK_S = 2.0
# What can be read by id, and listed, below /v1.
READABLE = {
    "balance_transactions": "balance_transaction",
    "billing_portal/sessions": "billing_portal.session",
    "charges": "charge",
    "checkout/sessions": "checkout.session",
    "coupons": "coupon",
    "customers": "customer",
    "entitlements/features": "entitlements.feature",
    "events": "event",
    "invoice_payments": "invoice_payment",
    "invoiceitems": "invoiceitem",
    "invoices": "invoice",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
    "prices": "price",
    "products": "product",
    "promotion_codes": "promotion_code",
    "refunds": "refund",
    "subscription_items": "subscription_item",
    "subscriptions": "subscription",
    "tax_ids": "tax_id",
    "tax_rates": "tax_rate",
    "test_helpers/test_clocks": "test_helpers.test_clock",
}
ROUTES = [
    (method, re.compile(re.escape(path).replace(r"\{\}", r"([^/]+)") + r"/?"), handler)
    for module in (catalogue, cards, payments, invoices, subscriptions, clock, checkout)
    for method, path, handler in module.ROUTES
]


class StripeDouble:
    """A context: it serves while it is entered. See the package's text for what a test does with it."""

    def __init__(self, *, port: int = 0, state: Path | None = None) -> None:
        self.world = World()
        self.deliverer = Deliverer()
        self.world.on_event = self._on_event
        self.requests: Counter[str] = Counter()
        self.secret = "whsec_sandbox"  # noqa: S105 - stands for a secret, protects nothing
        self.failing = 0
        self.state = state
        self.port = port
        self._server: ThreadingHTTPServer | None = None
        self._stopped = Event()

    # What a test does

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reset(self) -> None:
        """As if it had just been started."""
        with self.world.lock:
            self.world.forget()
            self.deliverer.forget()
            self.requests.clear()
            self.failing = 0

    def pay(self, session: str, card: str = "4242424242424242", **typed: str) -> str:
        """Fill in the payment page and press the button; the address it leads to. Raises CardError."""
        given = {"email": "payer@example.com", "name": "Ada Payer"} | typed
        with self.world.lock:
            return checkout.complete(self.world, session, card, **given)

    def take(self) -> list[Object]:
        return self.deliverer.take()

    def sign(self, event: Object, moment: int | None = None) -> tuple[bytes, dict[str, str]]:
        return sign(event, self.secret, moment)

    def listen(self, url: str, secret: str = "") -> None:
        self.secret = secret or self.secret
        self.deliverer.listen(url, self.secret)

    def chaos(self, **how: Any) -> None:
        self.deliverer.chaos = Chaos(**how)

    def advance(self, *, days: float = 0, seconds: float = 0) -> None:
        with self.world.lock:
            clock.advance(self.world, round(days * DAY + seconds))

    def decline(self, customer: str, declined: bool = True) -> None:
        with self.world.lock:
            cards.decline(self.world, customer, declined)

    def outage(self, times: int) -> None:
        self.failing = times

    # The server

    def __enter__(self) -> StripeDouble:
        if self.state:
            self.world.load(self.state)
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler_of(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.world.url = self.url
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self.deliverer.stop()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        if self.state:
            self.world.save(self.state)

    def run(self) -> None:
        """Let time pass as it does, and keep the state, until stopped. For a process of its own."""
        known = -1
        while not self._stopped.wait(TICK_S):
            with self.world.lock:
                clock.catch_up(self.world)
                now = len(self.world.objects) + sum(self.requests.values())
            if self.state and now != known:
                self.world.save(self.state)
                known = now

    def _on_event(self, event: Object) -> None:
        self.deliverer.put(self.world.shown(event))

    # The API

    def api(self, method: str, path: str, text: str, headers: Any) -> tuple[int, Object, dict[str, str]]:
        """Answer one request below /v1: status, body, headers."""
        more: dict[str, str] = {}
        with self.world.lock:
            self.requests[f"{method} {path}"] += 1
            more["Request-Id"] = self.world.new_id("req")
            if self.failing > 0:
                self.failing -= 1
                body = {"error": {"type": "api_error", "message": "An unknown error occurred."}}
                return 500, body, more | {"Stripe-Should-Retry": "false"}
            try:
                key = headers.get("Authorization", "").removeprefix("Bearer ")
                if not KEY.fullmatch(key):
                    raise StripeError(f"Invalid API Key provided: {key[:8]}…", status=401)
                params = decode(text)
                repeated = headers.get("Idempotency-Key") if method == "POST" else None
                asked = f"{method} {path} {text}"
                if repeated and repeated in self.world.replies:
                    first, status, body = self.world.replies[repeated]
                    if first != asked:
                        raise StripeError(
                            "Keys for idempotent requests can only be used with the same parameters they were first "
                            f"used with: '{repeated}'.",
                            kind="idempotency_error",
                        )
                    return status, body, more | {"Idempotent-Replayed": "true"}
                self.world.request = {"id": more["Request-Id"], "idempotency_key": repeated}
                try:
                    status, body = 200, self.answer(method, path, params)
                except StripeError as refused:
                    if refused.status == 401 or not repeated:
                        raise
                    status, body = refused.status, refused.body
                finally:
                    self.world.request = {"id": None, "idempotency_key": None}
                if repeated:
                    self.world.replies[repeated] = (asked, status, body)
                return status, body, more
            except StripeError as refused:
                return refused.status, refused.body, more

    def answer(self, method: str, path: str, params: Object) -> Object:
        expand = params.get("expand", [])
        for verb, pattern, handler in ROUTES:
            found = pattern.fullmatch(path)
            if found and verb == method:
                done = handler(self.world, params, *found.groups())
                return done if done.get("object") == "list" else self.world.shown(done, expand)
        name, _, identifier = path.removeprefix("/v1/").strip("/").rpartition("/")
        if method == "GET":
            if path in ("/v1/account", f"/v1/accounts/{ACCOUNT}"):
                return self.world.shown(self.world.objects[ACCOUNT])
            if path.removeprefix("/v1/").strip("/") in READABLE:
                name = path.removeprefix("/v1/").strip("/")
                return list_of(self.world, READABLE[name], params, f"/v1/{name}")
            if name in READABLE:
                kept = self.world.objects.get(identifier)
                if kept and kept.get("deleted") and kept["object"] == "customer":
                    return {"id": identifier, "object": "customer", "deleted": True}
                return self.world.shown(self.world.get(READABLE[name], identifier), expand)
        raise StripeError(f"Unrecognized request URL ({method}: {path}).", status=404)

    # The pages

    def look(self, method: str, path: str, typed: dict[str, str]) -> tuple[int, str, bytes]:
        """Answer a person: status, type of content (or the address to go on to), body."""
        parts = path.strip("/").split("/")
        with self.world.lock:
            try:
                if parts[:2] == ["c", "pay"]:
                    return self._checkout_page(method, parts[2], typed)
                if parts[:2] == ["p", "session"]:
                    return self._portal_page(method, path, parts[2], typed)
                if parts[0] == "i" and len(parts) > 2:
                    return self._invoice_page(method, parts, path, typed)
                if parts[0] == "_sandbox" and method == "POST":
                    self.control(parts[1], typed)
                    return 303, "/", b""
                if path == "/":
                    return html(pages.controls(self.world, self.deliverer.url))
            except StripeError as refused:
                return html(pages.page("Not found", pages.problem(str(refused))), refused.status)
        return html(pages.page("Not found", "<h1>Not found</h1>"), 404)

    def control(self, what: str, given: Object) -> None:
        if what == "advance":
            self.advance(days=float(given.get("days") or 0), seconds=float(given.get("seconds") or 0))
        elif what == "decline":
            self.decline(given["customer"], given.get("declined") in (True, "true"))
        elif what == "chaos":
            self.chaos(**given)
        elif what == "outage":
            self.outage(int(given["times"]))
        elif what == "listen":
            self.listen(given["url"], given.get("secret", ""))
        else:
            raise StripeError(f"No control named {what}", status=404)

    def _checkout_page(self, method: str, identifier: str, typed: dict[str, str]) -> tuple[int, str, bytes]:
        session = self.world.get("checkout.session", identifier)
        if method == "GET" or session["status"] != "open":
            return html(pages.checkout(self.world, session))
        wanted = {name: typed.get(name, "") for name in ("email", "name", "country", "code")}
        try:
            return 303, checkout.complete(self.world, identifier, typed.get("card", ""), **wanted), b""
        except StripeError as refused:
            return html(pages.checkout(self.world, session, str(refused), typed), 402)

    def _portal_page(
        self, method: str, path: str, identifier: str, typed: dict[str, str]
    ) -> tuple[int, str, bytes]:
        session = self.world.get("billing_portal.session", identifier)
        if method == "GET":
            return html(pages.portal(self.world, session))
        try:
            if typed.get("do") == "card":
                customer = self.world.objects[session["customer"]]
                cards.use_card(self.world, customer, cards.new_card(self.world, typed.get("card", "")))
                customer["_declines"] = False
            else:
                ends = "true" if typed.get("do") == "cancel" else "false"
                subscriptions.update(self.world, {"cancel_at_period_end": ends}, typed["subscription"])
        except StripeError as refused:
            return html(pages.portal(self.world, session, str(refused)), 402)
        return 303, path, b""

    def _invoice_page(
        self, method: str, parts: list[str], path: str, typed: dict[str, str]
    ) -> tuple[int, str, bytes]:
        invoice = self.world.get("invoice", parts[2])
        if parts[-1] == "pdf":
            return 200, "application/pdf", pages.invoice_pdf(self.world, invoice)
        if method == "GET":
            return html(pages.invoice_page(self.world, invoice))
        try:
            method_used = cards.new_card(self.world, typed.get("card", ""))
            cards.use_card(self.world, self.world.objects[invoice["customer"]], method_used)
            invoices.pay_invoice(self.world, {"payment_method": method_used["id"]}, invoice["id"])
        except StripeError as refused:
            return html(pages.invoice_page(self.world, invoice, str(refused)), 402)
        return 303, path, b""


def html(text: str, status: int = 200) -> tuple[int, str, bytes]:
    return status, "text/html; charset=utf-8", text.encode()


def handler_of(double: StripeDouble) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # header and body leave together
        timeout = 120

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length).decode()
            if parts.path.startswith("/v1/"):
                asked = "&".join(one for one in (parts.query, text) if one)
                status, body, more = double.api(self.command, parts.path, asked, self.headers)
                self.reply(status, "application/json", json.dumps(body).encode(), more)
                return
            if self.headers.get("Content-Type", "").startswith("application/json"):
                double.control(parts.path.strip("/").split("/")[-1], json.loads(text or "{}"))
                self.reply(200, "application/json", b"{}", {})
                return
            typed = dict(parse_qsl(text))
            status, kind, page = double.look(self.command, parts.path, typed)
            if status == 303:
                self.reply(303, "text/html", b"", {"Location": kind})
            else:
                self.reply(status, kind, page, {})

        def reply(self, status: int, kind: str, body: bytes, more: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | more).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

        do_GET = do_POST = do_DELETE = handle_any  # noqa: N815 - as the base class looks for them

        def log_message(self, *_: Any) -> None:
            pass

    return Handler
