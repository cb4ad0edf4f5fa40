"""What the double knows: objects as Stripe writes them, the time, and the events that tell of changes.

Members that begin with _ are the double's own and are never sent; `expand[]=tiers` shows `_tiers`.
"""

from __future__ import annotations

import copy
import json
import secrets
import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import RLock
from typing import Any

from deploy.sandbox.stripe.errors import StripeError, missing

Object = dict[str, Any]
API_VERSION = "2026-05-27.dahlia"
ALPHABET = string.ascii_letters + string.digits
ACCOUNT = "acct_1Sandbox00000000"


class World:
    """One account in test mode. Every use holds `lock`."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.lock = RLock()
        self.on_event: Callable[[Object], None] = lambda event: None
        self.request: Object = {"id": None, "idempotency_key": None}
        self.forget()

    def forget(self) -> None:
        """As if the account had just been opened."""
        self.objects: dict[str, Object] = {}
        self.replies: dict[str, tuple[str, int, Object]] = {}  # by idempotency key: request, status, body
        self.skew = 0  # seconds that the sandbox's time is ahead
        self.moment: int | None = None  # set while past moments are caught up with
        self.objects[ACCOUNT] = {
            "id": ACCOUNT,
            "object": "account",
            "business_profile": {"name": "Candlewright sandbox", "url": None},
            "charges_enabled": True,
            "country": "US",
            "created": int(time.time()),
            "default_currency": "usd",
            "details_submitted": True,
            "email": "sandbox@candlewright.example",
            "payouts_enabled": True,
            "settings": {"dashboard": {"display_name": "Candlewright sandbox", "timezone": "Etc/UTC"}},
            "type": "standard",
            "metadata": {},
        }

    # Time

    def now(self, owner: Object | None = None) -> int:
        """Seconds since 1970 for a customer or what belongs to one: its test clock's, else the sandbox's."""
        if self.moment is not None:
            return self.moment
        clock = self.clock_of(owner)
        return clock["frozen_time"] if clock else int(time.time()) + self.skew

    def clock_of(self, owner: Object | None) -> Object | None:
        if owner is None:
            return None
        if owner.get("object") != "customer":
            owner = self.objects.get(owner.get("customer") or "")
        return self.objects.get((owner or {}).get("test_clock") or "")

    # Objects

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(24))}"

    def add(self, prefix: str, kind: str, fields: Object, *, owner: Object | None = None) -> Object:
        """A new object; `id`, `object`, `created` and `livemode` are set where they are not given."""
        made: Object = {"id": fields.get("id") or self.new_id(prefix), "object": kind}
        made |= {"created": self.now(owner), "livemode": False, "metadata": {}} | fields
        made["id"] = made["id"] or self.new_id(prefix)
        if made["id"] in self.objects:
            raise StripeError(f"{kind} already exists.", code="resource_already_exists", param="id")
        self.objects[made["id"]] = made
        return made

    def get(self, kind: str, identifier: Any, param: str = "id") -> Object:
        found = self.objects.get(identifier) if isinstance(identifier, str) else None
        if found is None or found["object"] != kind or found.get("deleted"):
            raise missing(kind.replace("_", " "), str(identifier), param)
        return found

    def all(self, kind: str, **wanted: Any) -> Iterator[Object]:
        """Those of a kind whose members have the given values, oldest first."""
        for found in list(self.objects.values()):
            if (
                found["object"] == kind
                and not found.get("deleted")
                and all(found.get(name) == value for name, value in wanted.items())
            ):
                yield found

    def change(self, target: Object, event: str | None, **fields: Any) -> None:
        """Set members; the event, if one is named, tells what they were before. No change, no event."""
        before = {
            name: copy.deepcopy(target.get(name)) for name in fields if target.get(name) != fields[name]
        }
        target.update(fields)
        if event and before:
            self.emit(event, target, {name: was for name, was in before.items() if name[0] != "_"})

    # Events

    def emit(self, kind: str, target: Object, previous: Object | None = None) -> None:
        data: Object = {"object": self.shown(target)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self.add(
            "evt",
            "event",
            {
                "api_version": API_VERSION,
                "data": data,
                "pending_webhooks": 1,
                "request": dict(self.request),
                "type": kind,
            },
            owner=target if target["object"] != "event" else None,
        )
        event.pop("metadata")
        self.on_event(event)

    # What is sent

    def shown(self, target: Any, expand: list[str] | None = None) -> Any:
        """A copy without own members, with the named paths expanded."""
        if isinstance(target, list):
            return [self.shown(member, expand) for member in target]
        if not isinstance(target, dict):
            return target
        result = {name: self.shown(value) for name, value in target.items() if not name.startswith("_")}
        for path in expand or []:
            name, _, rest = path.partition(".")
            inner = [rest] if rest else []
            whole = self.objects.get(str(target.get("id")), {})  # an embedded copy lacks own members
            value = target.get(name, target.get(f"_{name}", whole.get(f"_{name}")))
            if target.get("object") == "invoice" and name == "payments":
                value = self.as_list(list(self.all("invoice_payment", invoice=target["id"])), "")
            if target.get("object") == "charge" and name == "refunds":
                value = self.as_list(list(self.all("refund", charge=target["id"])), "")
            if isinstance(value, str):
                value = self.objects.get(value, value)
            elif isinstance(value, list) and all(isinstance(member, str) for member in value):
                value = [self.objects.get(member, member) for member in value]
            seen = result.get(name)
            if isinstance(value, dict) and isinstance(seen, dict) and inner:
                # two paths below one member are both expanded
                result[name] = merged(seen, self.shown(value, inner))
            else:
                result[name] = self.shown(value, inner)
        return result

    def as_list(self, members: list[Object], url: str, has_more: bool = False) -> Object:
        return {"object": "list", "data": members, "has_more": has_more, "url": url}

    # Kept across restarts

    def save(self, path: Path) -> None:
        with self.lock:
            text = json.dumps({"objects": self.objects, "skew": self.skew, "replies": self.replies})
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(text)
        fresh.replace(path)

    def load(self, path: Path) -> None:
        """What was saved; nothing when there is no such file or another version wrote it."""
        try:
            kept = json.loads(path.read_text())
        except (OSError, ValueError):
            return
        with self.lock:
            self.objects = kept["objects"]
            self.skew = kept["skew"]
            self.replies = {key: (reply[0], reply[1], reply[2]) for key, reply in kept["replies"].items()}


def merged(first: Any, second: Any) -> Any:
    """Two views of one object, of which each has other members expanded."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first | {
            name: merged(first[name], value) if name in first else value for name, value in second.items()
        }
    if isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        return [merged(one, other) for one, other in zip(first, second, strict=True)]
    return first if isinstance(first, dict) else second
