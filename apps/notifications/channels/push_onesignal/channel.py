"""Push to phones by OneSignal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx
from django.conf import settings
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.notifications.channels.base import (
    AfterCrash,
    Channel,
    Message,
    Recipient,
    Refused,
    Rendered,
    Result,
    Sent,
    Unclear,
)
from apps.notifications.channels.wire import Wire, retry_after_s
from apps.notifications.choices import Urgency
from apps.notifications.errors import BadTarget
from apps.notifications.rules import retries

NOT_SUBSCRIBED = "All included players are not subscribed"
INVALID = ("invalid_player_ids", "invalid_subscription_ids", "invalid_aliases")


class PushOneSignal(Channel):
    """The contact's target is the subscription's id, which the app on the phone knows."""

    kind = "push_onesignal"
    words = gettext_lazy("Phone app")
    icon = "bell"
    address_words = gettext_lazy("Subscription id")
    address_help = gettext_lazy("Of the phone’s app, as it shows it in its settings.")
    example = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    set_up_by = (gettext_lazy("ONESIGNAL_APP_ID and ONESIGNAL_API_KEY"),)
    policy = retries.PUSH
    timeout_s = 15.0
    most_at_once = 32
    after_crash = AfterCrash.SEND_AGAIN  # OneSignal takes an idempotency_key once in 30 days

    def providers(self) -> Sequence[str]:
        return ("onesignal",) if settings.ONESIGNAL_APP_ID and settings.ONESIGNAL_API_KEY else ()

    def check_target(self, text: str) -> str:
        try:
            return str(UUID(super().check_target(text)))
        except ValueError:
            raise BadTarget(
                gettext("This is no id of a subscription at OneSignal."), field="target"
            ) from None

    def lane(
        self, person_id: int, contact_id: int | None, options: Mapping[str, Any], serial: int
    ) -> tuple[str, bool]:
        return f"push_onesignal:{contact_id}", False

    def render(self, message: Message) -> Rendered:
        title = gettext("Test: {title}").format(title=message.title) if message.is_test else message.title
        facts = ", ".join(f"{name} {value}" for name, value in message.facts)
        body = "\n".join(part for part in (message.text, facts) if part)[:600] or title[:120]
        return Rendered(
            text=f"{title[:120]}\n{body}",
            payload={
                "headings": {"en": title[:120]},
                "contents": {"en": body},
                "url": message.ack_url or message.url or settings.SITE_URL,
                "priority": 10 if message.urgency >= Urgency.HIGH else 5,
                "data": {"notice": message.uuid, "event": message.event},
            },
        )

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        response = await wire.http.post(
            f"{settings.ONESIGNAL_API_URL}/notifications",
            headers={"authorization": f"Key {settings.ONESIGNAL_API_KEY}"},
            json={
                "app_id": settings.ONESIGNAL_APP_ID,
                "target_channel": "push",
                "include_subscription_ids": [to.target],
                "idempotency_key": key,
                "collapse_id": key,
                **rendered.payload,
            },
        )
        return _result(response)


def _result(response: httpx.Response) -> Result:
    """200 does not say that anything was sent: without an id there was nobody to send to."""
    status = response.status_code
    try:
        answer = response.json()
    except ValueError:
        answer = {}
    answer = answer if isinstance(answer, dict) else {}
    errors = answer.get("errors") or []
    if status == 200 and answer.get("id") and not any(name in errors for name in INVALID):
        return Sent(str(answer["id"]), http_status=status)
    words = gettext("OneSignal answered {status}: {errors}").format(status=status, errors=errors)[:300]
    if NOT_SUBSCRIBED in errors or (isinstance(errors, dict) and any(name in errors for name in INVALID)):
        return Refused(words, gone=True, http_status=status)
    if status < 300 and not errors:
        return Unclear(gettext("OneSignal answered {status} without an id").format(status=status), status)
    return Refused(
        words,
        permanent=status < 500 and status != 429,
        fault=status >= 500,
        retry_after_s=retry_after_s(response),
        http_status=status,
    )
