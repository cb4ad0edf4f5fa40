"""E-mail through any mail backend of Django: SMTP, or the API of a mail service (Anymail)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from email.utils import formataddr
from smtplib import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from typing import Any
from urllib.parse import urlsplit

from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email
from django.template.loader import render_to_string
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
from apps.notifications.channels.email.api_errors import refusal_of
from apps.notifications.channels.wire import Wire
from apps.notifications.errors import BadTarget
from apps.notifications.rules import retries

SOCKET_TIMEOUT_S = 15


class Email(Channel):
    """Providers are the entries of NOTIFICATIONS_EMAIL, in order. The Message-ID is the delivery's key."""

    kind = "email"
    words = gettext_lazy("E-mail")
    icon = "mail"
    address_words = gettext_lazy("E-mail address")
    address_help = gettext_lazy(
        "Beside your account’s, or instead of it: its own is used where you add none."
    )
    example = "desk@example.com"
    set_up_by = ("EMAIL_URL",)
    policy = retries.EMAIL
    timeout_s = 30.0
    most_at_once = 16
    after_crash = AfterCrash.SEND_AGAIN  # mail programs show two mails of one Message-ID as one
    needs_contact = False

    def providers(self) -> Sequence[str]:
        return tuple(settings.NOTIFICATIONS_EMAIL)

    def check_target(self, text: str) -> str:
        text = super().check_target(text)
        try:
            validate_email(text)
        except ValidationError:
            raise BadTarget(gettext("This is no e-mail address."), field="target") from None
        return text

    def mask(self, target: str) -> str:
        name, _, host = target.partition("@")
        return f"{name[:2]}…@{host}"

    def render(self, message: Message) -> Rendered:
        context = {"message": message, "site_url": settings.SITE_URL}
        headers = {"Auto-Submitted": "auto-generated"}
        if message.event:
            headers["X-Event"] = message.event
        if message.unsubscribe_url:
            headers["List-Unsubscribe"] = f"<{message.unsubscribe_url}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        return Rendered(
            subject=" ".join(message.title.split())[:200],
            text=render_to_string("notifications/email/notice.txt", context).strip() + "\n",
            html=render_to_string("notifications/email/notice.html", context),
            payload={"headers": headers, "name": message.person_name},
        )

    async def send(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        return await asyncio.to_thread(self._hand_over, provider, to, rendered, key, wire)

    def _hand_over(self, provider: str, to: Recipient, rendered: Rendered, key: str, wire: Wire) -> Result:
        """Runs in a thread, since Django's mail backends block. Connections are kept for the next mail."""
        connection = None
        try:
            connection = wire.take(f"email:{provider}", lambda: _connect(provider))
            if _is_closed(connection):
                connection = _connect(provider)
            connection.open()
        except SMTPAuthenticationError as error:
            return Refused(_words(error), fault=True, elsewhere=True)
        except (OSError, SMTPException) as error:
            return Refused(_words(error), fault=True)
        mail = _mail(to, rendered, key, connection)
        try:
            connection.send_messages([mail])
        except AnymailError as error:
            connection.close()
            return refusal_of(error)
        except SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            connection.close()
            return Refused(f"{code} {_text(words)}"[:300], permanent=code >= 500)
        except SMTPResponseException as error:
            connection.close()
            if error.smtp_code >= 500:
                return Refused(_words(error), elsewhere=True)
            return Refused(_words(error), fault=True)
        except (OSError, SMTPException) as error:
            connection.close()
            return Unclear(_words(error))
        wire.give_back(f"email:{provider}", connection)
        status = getattr(mail, "anymail_status", None)
        if status is None:
            return Sent(provider_id=message_id(key))
        return Sent(provider_id=status.message_id if isinstance(status.message_id, str) else "")


def message_id(key: str) -> str:
    """The Message-ID of every attempt of a delivery."""
    return f"<{key}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"


def _mail(to: Recipient, rendered: Rendered, key: str, connection: Any) -> EmailMultiAlternatives:
    mail = EmailMultiAlternatives(
        rendered.subject,
        rendered.text,
        to=[formataddr((rendered.payload["name"], to.target)) if rendered.payload["name"] else to.target],
        headers={"Message-ID": message_id(key), **rendered.payload["headers"]},
        connection=connection,
    )
    mail.metadata = {"delivery": key}  # type: ignore[attr-defined]  # comes back in reports of mail services
    mail.attach_alternative(rendered.html, "text/html")
    return mail


def _connect(provider: str) -> Any:
    """A backend as NOTIFICATIONS_EMAIL describes it; an empty entry is Django's own (EMAIL_BACKEND and the rest)."""
    made = settings.NOTIFICATIONS_EMAIL[provider]
    connection = get_connection(made.get("BACKEND"), **made.get("OPTIONS", {}))
    if hasattr(connection, "timeout"):
        connection.timeout = SOCKET_TIMEOUT_S
    return connection


def _is_closed(connection: Any) -> bool:
    """Whether the server has hung up on a kept connection meanwhile."""
    server = getattr(connection, "connection", None)
    if server is None or not hasattr(server, "noop"):
        return False
    try:
        return bool(server.noop()[0] != 250)
    except (OSError, SMTPException):
        connection.connection = None
        return True


def _words(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"[:300]
    return (str(error) or type(error).__name__)[:300]


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
