"""More services by Apprise: those on a short list, all of them over HTTPS and through our guard."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import requests
from apprise import Apprise as Library
from apprise import AppriseAsset, NotifyBase, NotifyFormat, NotifyType, PersistentStoreMode
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from apps.notifications.channels.apprise.guarded_requests import GuardedRequests, seen
from apps.notifications.channels.base import (
    Channel,
    Message,
    Pace,
    Recipient,
    Refused,
    Rendered,
    Result,
    Sent,
    Unclear,
)
from apps.notifications.channels.guard import Forbidden, is_inner
from apps.notifications.channels.hooks import shortened
from apps.notifications.channels.wire import Wire, seconds_of
from apps.notifications.choices import Urgency
from apps.notifications.errors import BadTarget
from apps.notifications.rules import retries

# By the scheme of their addresses. Each sends HTTPS requests; none reads files, runs programs or speaks anything else.
SERVICES = {
    "ntfys": "ntfy",
    "gotifys": "Gotify",
    "mmosts": "Mattermost",
    "pover": "Pushover",
    "pbul": "Pushbullet",
    "prowl": "Prowl",
    "gchat": "Google Chat",
    "workflows": "Microsoft Teams",
    "wxteams": "Webex",
    "zulip": "Zulip",
    "pagerduty": "PagerDuty",
}
INNER = {
    "ntfy": "ntfys",
    "gotify": "gotifys",
    "mmost": "mmosts",
}  # by http, inside networks that the operator opened
TYPES = {
    Urgency.LOW: NotifyType.INFO,
    Urgency.NORMAL: NotifyType.INFO,
    Urgency.HIGH: NotifyType.WARNING,
    Urgency.CRITICAL: NotifyType.FAILURE,
}
NOT_SENT = (ConnectTimeoutError, NameResolutionError, NewConnectionError)
GUARDED = GuardedRequests()


class Apprise(Channel):
    """The contact's target is an address as Apprise writes it: scheme://…"""

    kind = "apprise"
    words = "Another service"
    policy = retries.CHAT
    timeout_s = 30.0
    most_at_once = 8
    has_breaker = False  # each contact has a service of its own

    def check_target(self, text: str) -> str:
        text = super().check_target(text)
        _service(text)
        return text

    def mask(self, target: str) -> str:
        scheme = target.partition("://")[0].lower()
        return SERVICES[INNER.get(scheme, scheme)]

    def lane(
        self, person_id: int, contact_id: int | None, options: Mapping[str, Any], serial: int
    ) -> tuple[str, bool]:
        return f"apprise:{contact_id}", False

    def paces(self, provider: str, to: Recipient) -> tuple[Pace, ...]:
        return (Pace(f"apprise:{to.contact_id}", 1, 1.0),)

    def render(self, message: Message) -> Rendered:
        title = shortened(f"Test: {message.title}" if message.is_test else message.title, 200)
        lines = [shortened(message.text, 500)]
        lines += [f"{shortened(name, 40)}: {shortened(value, 80)}" for name, value in message.facts[:8]]
        lines += [link for link in (message.url, message.ack_url and f"Seen: {message.ack_url}") if link]
        body = "\n".join(line for line in lines if line) or title
        return Rendered(
            text=f"{title}\n{body}", payload={"title": title, "body": body, "urgency": message.urgency}
        )

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        return await asyncio.to_thread(self._hand_over, to.target, rendered.payload)

    def _hand_over(self, target: str, payload: Mapping[str, Any]) -> Result:
        """Apprise says only yes or no; why, the guarded requests have seen."""
        try:
            service = _service(target)
        except BadTarget as error:
            return Refused(str(error), permanent=True)
        seen.response = seen.error = None
        ok = service.notify(
            title=payload["title"],
            body=payload["body"],
            notify_type=TYPES[Urgency(payload["urgency"])],
            body_format=NotifyFormat.TEXT,
        )
        return _result(bool(ok), self.mask(target))


def _service(target: str) -> NotifyBase:
    """The service of an address, with our requests in the place of its own. Raises BadTarget."""
    scheme = target.partition("://")[0].lower()
    if scheme not in SERVICES and scheme not in INNER:
        names = ", ".join(f"{words} ({name}://)" for name, words in SERVICES.items())
        raise BadTarget(f"These services can be used: {names}.", field="target")
    asset = AppriseAsset(
        app_id="Candlewright",
        app_desc="Candlewright",
        async_mode=False,
        secure_logging=True,
        http_redirects=False,
        storage_mode=PersistentStoreMode.MEMORY,
    )
    try:
        service = Library.instantiate(target, asset=asset, suppress_exceptions=False)
    except Exception:  # each service complains in a way of its own
        service = None
    words = SERVICES[INNER.get(scheme, scheme)]
    if not isinstance(service, NotifyBase):
        raise BadTarget(
            f"This is no complete address for {words}; see appriseit.com/services.", field="target"
        )
    if scheme in INNER and not is_inner(str(service.host or "")):
        raise BadTarget(f"Begin the address with {INNER[scheme]}:// so that it is encrypted.", field="target")
    sys.modules[type(service).__module__].requests = GUARDED  # type: ignore[attr-defined]
    return service


def _result(ok: bool, words: str) -> Result:
    response, error = seen.response, seen.error
    if ok and response is not None:
        return Sent(http_status=response.status_code)
    if response is not None:
        status = response.status_code
        wait_s = seconds_of(response.headers.get("Retry-After", ""))
        return Refused(
            f"{words} answered {status}",
            permanent=status < 500 and status != 429,
            gone=status == 410,
            fault=status >= 500,
            retry_after_s=wait_s,
            http_status=status,
        )
    if isinstance(error, Forbidden):
        return Refused(str(error)[:300], permanent=True)
    if error is not None:
        reason = _root(error)
        if isinstance(reason, NOT_SENT):
            return Refused(f"{words} could not be reached: {type(reason).__name__}", fault=True)
        return Unclear(f"{words} gave no answer: {type(reason).__name__}")
    return Refused(f"{words} cannot take this message", permanent=True)


def _root(error: Exception) -> Exception:
    """What urllib3 said, out of what requests made of it."""
    if isinstance(error, requests.RequestException) and error.args and isinstance(error.args[0], Exception):
        inner = error.args[0]
        reason = getattr(inner, "reason", None)
        return reason if isinstance(reason, Exception) else inner
    return error
