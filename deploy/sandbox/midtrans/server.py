"""The played Midtrans' wire: the two APIs, the payment page, and a door for tests."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from deploy.sandbox.midtrans.books import ApiError, Books, Order, Transaction, core_error, snap_error
from deploy.sandbox.midtrans.notifying import Notifier
from deploy.sandbox.midtrans.pages import payment_page

LOOPBACK = "127.0.0.1"


class Server:
    """A context. `url` is its address for MIDTRANS_API_BASE; `books` and `notifier` are for tests in this process."""

    def __init__(self, key: str, *, port: int = 0, notify: tuple[str, ...] = ()) -> None:
        self.books = Books(key)
        self.notifier = Notifier()
        self.notify = notify  # as set on the dashboard; X-Override-Notification comes before it
        self.requests: list[str] = []
        self.faults: list[int] = []  # statuses that the next API calls are answered with, whatever they ask
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._answer(self)

            do_POST = do_GET  # noqa: N815  the library's names

            def log_message(self, *args: Any) -> None: ...

        class Http(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._http = Http((LOOPBACK, port), Handler)
        self.url = f"http://{LOOPBACK}:{self._http.server_address[1]}"

    def __enter__(self) -> Server:
        Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self.notifier.close()

    def serve_forever(self) -> None:
        self._http.serve_forever()

    def reset(self) -> None:
        """As if it had just been started."""
        self.notifier.reset()
        with self.books.lock:
            self.books.__init__(self.books.key)  # type: ignore[misc]
            self.requests.clear()
            self.faults.clear()

    # What somebody does on the payment page, and what banks do later

    def pay(
        self, token_or_url: str, *, card: str = "4811111111111114", method: str = "credit_card"
    ) -> Transaction:
        with self.books.lock:
            done = self.books.pay(token_or_url.rsplit("/", 1)[-1], card=card, method=method)
        self.tell(done)
        return done

    def settle(self, wanted: str) -> Transaction:
        with self.books.lock:
            done = self.books.settle(wanted)
        self.tell(done)
        return done

    def tell(self, one: Transaction) -> None:
        body = self.books.shown(one) | {"status_message": "midtrans payment notification"}
        self.notifier.send(one.order.notify_urls or list(self.notify), body)

    # HTTP

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path = urlsplit(handler.path).path
        try:
            if path.startswith("/snap/v3/redirection/"):
                self._page(handler, path.rsplit("/", 1)[-1], body)
                return
            self.requests.append(f"{handler.command} {path}")
            if self.faults:
                raise snap_error(self.faults.pop(0), "Sorry, we encountered internal server error.")
            status, answer = self._api(handler, path, json.loads(body or b"{}"))
        except ApiError as error:
            status, answer = error.status, error.body
        except ValueError:
            status, answer = 400, {"error_messages": ["the body is no JSON"]}
        _send(handler, status, json.dumps(answer).encode(), "application/json")

    def _api(self, handler: BaseHTTPRequestHandler, path: str, body: Any) -> tuple[int, Any]:
        self._check_key(handler, path)
        match (handler.command, path.strip("/").split("/")):
            case ("POST", ["snap", "v1", "transactions"]):
                urls = handler.headers.get("X-Override-Notification", "")
                with self.books.lock:
                    order = self.books.open(body, [url for url in urls.split(",") if url])
                return 201, {
                    "token": order.token,
                    "redirect_url": f"{self.url}/snap/v3/redirection/{order.token}",
                }
            case ("GET", ["v2", wanted, "status"]):
                with self.books.lock:
                    return 200, self.books.shown(self.books.find(wanted))
            case ("POST", ["v2", wanted, "refund"] | ["v2", wanted, "refund", "online", "direct"]):
                with self.books.lock:
                    before = self.books.find(wanted).refunded
                    answer = self.books.refund(wanted, body)
                    one = self.books.find(wanted)
                if one.refunded != before:
                    self.tell(one)
                return 200, answer
            case ("POST", ["v2", wanted, ("cancel" | "expire" | "approve" | "deny" | "settle") as what]):
                with self.books.lock:
                    one = {
                        "cancel": self.books.cancel,
                        "expire": self.books.expire,
                        "settle": self.books.settle,  # only here: banks do it
                        "approve": lambda wanted: self.books.decide(wanted, True),
                        "deny": lambda wanted: self.books.decide(wanted, False),
                    }[what](wanted)
                self.tell(one)
                return 200, self.books.shown(one)
        raise core_error(404, "The requested resource is not found")

    def _check_key(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        expected = base64.b64encode(f"{self.books.key}:".encode()).decode()
        if handler.headers.get("Authorization") == f"Basic {expected}":
            return
        words = "Access denied due to unauthorized transaction, please check client or server key"
        raise snap_error(401, words) if path.startswith("/snap/") else core_error(401, words)

    def _page(self, handler: BaseHTTPRequestHandler, token: str, body: bytes) -> None:
        order = self.books.orders.get(token)
        if order is None:
            _send(handler, 404, b"There is no such payment page.", "text/plain")
            return
        trouble = ""
        if handler.command == "POST":
            try:
                done = self._done_on_page(
                    order, {name: value[0] for name, value in parse_qs(body.decode()).items()}
                )
            except ApiError as error:
                trouble = " ".join(error.body.get("error_messages", [])) or error.body.get(
                    "status_message", ""
                )
            else:
                if done.status != "deny" and (done.status != "pending") and order.finish_url:
                    _send(handler, 303, b"", "text/plain", Location=_finish(order, done))
                    return
        with self.books.lock:
            page = payment_page(order, self.books.transactions.get(order.order_id), trouble)
        _send(handler, 200, page.encode(), "text/html; charset=utf-8")

    def _done_on_page(self, order: Order, form: dict[str, str]) -> Transaction:
        if form.get("do") == "settle":
            return self.settle(order.order_id)
        return self.pay(order.token, card=form.get("card", ""), method=form.get("do", "credit_card"))


def _finish(order: Order, done: Transaction) -> str:
    told = urlencode(
        {"order_id": order.order_id, "status_code": done.status_code, "transaction_status": done.status}
    )
    return f"{order.finish_url}{'&' if '?' in order.finish_url else '?'}{told}"


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str, **headers: str) -> None:
    try:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
    except OSError:  # the caller gave up
        handler.close_connection = True
