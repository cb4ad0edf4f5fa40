"""Text messages: Twilio, and Netgsm at once when Twilio cannot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from apps.core.words import gettext_lazy
from apps.notifications.channels.base import (
    AfterCrash,
    Channel,
    Message,
    Recipient,
    Rendered,
    Result,
    Sent,
)
from apps.notifications.channels.sms.segments import PLAIN, cut, parts_of
from apps.notifications.channels.wire import Wire
from apps.notifications.errors import BadTarget
from apps.notifications.rules import retries

TAG_LENGTH = len(" #12345")


class Sms(Channel):
    """A message never takes more than `parts` parts; `credits` is the price of one."""

    kind = "sms"
    words = gettext_lazy("SMS")
    icon = "smartphone"
    address_words = gettext_lazy("Phone number")
    address_help = gettext_lazy("With its country.")
    example = "+49 151 23456789"
    set_up_by = (
        gettext_lazy("TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM"),
        gettext_lazy("NETGSM_USERCODE, NETGSM_PASSWORD and NETGSM_HEADER"),
    )
    policy = retries.SMS
    credits = 10
    parts = 2
    timeout_s = 15.0
    most_at_once = 16
    after_crash = AfterCrash.LOOK_UP  # Twilio by number and tag, Netgsm by its referansID

    def providers(self) -> Sequence[str]:
        found = []
        if settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.TWILIO_FROM:
            found.append("twilio")
        if settings.NETGSM_USERCODE and settings.NETGSM_PASSWORD and settings.NETGSM_HEADER:
            found.append("netgsm")
        return tuple(found)

    def check_target(self, text: str) -> str:
        number = re.sub(r"[\s()./-]", "", super().check_target(text))
        if number.startswith("00"):
            number = "+" + number[2:]
        if not re.fullmatch(r"\+[1-9]\d{7,14}", number):
            raise BadTarget(
                gettext(
                    "Write the number with + and the code of its country, for example +90 532 123 45 67."
                ),
                field="target",
            )
        return number

    def mask(self, target: str) -> str:
        return f"{target[:3]} … {target[-2:]}"

    def render(self, message: Message) -> Rendered:
        said = ". ".join(part.rstrip(".") for part in (message.title, message.text) if part)
        facts = ", ".join(f"{name} {value}" for name, value in message.facts)
        head = "TEST " if message.is_test else ""
        body = head + ". ".join(part for part in (said, facts) if part)
        link = message.ack_url or message.url
        room = "x" * TAG_LENGTH
        text = cut(
            " ".join(body.translate(PLAIN).split()), (f" {link}" if link else "") + room, self.parts
        ).removesuffix(room)
        return Rendered(text=text)

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        text = rendered.text + tag_of(key)
        result = await _module_of(provider).send(to.target, text, key, wire)
        if isinstance(result, Sent):
            return Sent(
                result.provider_id, result.price, result.currency, result.http_status, parts=parts_of(text)
            )
        return result

    async def look_up(
        self, provider: str, to: Recipient, key: str, since: datetime, wire: Wire
    ) -> Sent | None:
        """At every provider, since it is not known which one a worker that died had chosen."""
        for name in dict.fromkeys((provider, *self.providers())):
            found = await _module_of(name).look_up(to.target, tag_of(key), key, since, wire)
            if found is not None:
                return found
        return None


def _module_of(provider: str) -> Any:
    """Loaded by who sends only: Twilio's client takes a second and 50 MB."""
    return import_module(f"apps.notifications.channels.sms.{provider}")


def tag_of(key: str) -> str:
    """What ends every message, so that one that got no answer is known again among those to its number."""
    return f" #{key[:5]}"
