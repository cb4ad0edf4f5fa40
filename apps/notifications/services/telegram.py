"""Telegram accounts and groups: linked by a one-time code that only the signed-in person has seen."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.core.words import gettext_lazy
from apps.journal.services import record
from apps.notifications.channels.registry import channel_of
from apps.notifications.choices import DisabledFor
from apps.notifications.errors import BadTarget
from apps.notifications.models import Contact
from apps.notifications.services.contacts import (
    disable_contact,
    enable_contact,
    remove_contact,
    target_digest,
)

CODE_LIFE = timedelta(minutes=15)
WAITING = gettext_lazy("A chat that is to be linked")

LINKED = gettext_lazy("Linked. What you chose to be told on Telegram arrives in this chat. /stop ends it.")
BAD_CODE = gettext_lazy("This code is not valid any more. Make a new one in your settings on {site}.")
STOPPED = gettext_lazy("Stopped. Nothing more is sent to this chat.")
NOT_LINKED = gettext_lazy("This chat is not linked. Make a link in your settings on {site}.")


@transaction.atomic
def start_telegram_link(person: User) -> tuple[Contact, str]:
    """The contact that waits for it, and the address that opens our bot with a new code; codes made before are void.

    Raises BadTarget without a bot.
    """
    if not channel_of("telegram").is_set_up or not settings.TELEGRAM_BOT_NAME:
        raise BadTarget(gettext("This installation has no Telegram bot."), field="channel")
    code = secrets.token_urlsafe(24)
    waiting, _ = Contact.objects.update_or_create(
        person=person,
        workspace=None,
        channel="telegram",
        target_digest="",
        disabled_for="",
        defaults={
            "label": WAITING,
            "target": "",
            "code_hash": _hash(code),
            "code_expires_at": timezone.now() + CODE_LIFE,
        },
    )
    return waiting, f"https://t.me/{settings.TELEGRAM_BOT_NAME}?start={code}"


def take_telegram_update(update: Mapping[str, Any]) -> tuple[str, str] | None:
    """What Telegram tells us: a code, /stop, a chat that shut us out or moved. Returns (chat, answer) to be sent."""
    if isinstance(member := update.get("my_chat_member"), Mapping):
        if (member.get("new_chat_member") or {}).get("status") in ("kicked", "left"):
            _shut_out(str((member.get("chat") or {}).get("id", "")))
        return None
    message = update.get("message")
    if not isinstance(message, Mapping) or not isinstance(message.get("chat"), Mapping):
        return None
    chat = str(message["chat"].get("id", ""))
    if "migrate_to_chat_id" in message:
        _moved(chat, str(message["migrate_to_chat_id"]))
        return None
    command, _, rest = str(message.get("text", "")).strip().partition(" ")
    name = command.partition("@")[0]
    if name == "/start" and rest:
        return chat, _link(chat, rest.strip(), message["chat"])
    if name == "/start":
        return chat, NOT_LINKED.format(site=settings.SITE_URL)
    if name == "/stop":
        return chat, _stop(chat)
    return None


@transaction.atomic
def _link(chat: str, code: str, about: Mapping[str, Any]) -> str:
    waiting = (
        Contact.objects.select_for_update(of=("self",))
        .select_related("person", "workspace")
        .filter(
            channel="telegram",
            disabled_for="",
            code_hash=_hash(code),
            code_expires_at__gt=timezone.now(),
            target_digest="",
        )
        .first()
    )
    if waiting is None or not waiting.person.is_active:
        return BAD_CODE.format(site=settings.SITE_URL)
    channel = channel_of("telegram")
    target = channel.check_target(chat)
    person = waiting.person
    same = Contact.objects.filter(
        person=person, workspace=None, channel="telegram", target_digest=target_digest("telegram", target)
    ).first()
    if same is not None:
        waiting.delete()
        if same.disabled_at:
            enable_contact(same, actor=person)
        return LINKED
    name = str(about.get("title") or about.get("username") or about.get("first_name") or "")
    waiting.target = target  # type: ignore[assignment]
    waiting.target_digest = target_digest("telegram", target)
    waiting.label = f"{name[:60]} {channel.mask(target)}".strip()
    waiting.options = {"kind": str(about.get("type", "private"))}
    waiting.verified_at = timezone.now()
    waiting.code_hash, waiting.code_expires_at = "", None
    waiting.save()
    record(
        actor=person,
        workspace=None,
        action="notifications.contact.added",
        target=waiting,
        changes={"channel": "telegram"},
        personal={"contact": waiting.label},
        subject=person,
    )
    return LINKED


def _of_chat(chat: str) -> list[Contact]:
    found = Contact.objects.filter(channel="telegram", target_digest=target_digest("telegram", chat))
    return list(found.exclude(disabled_for=DisabledFor.REMOVED).select_related("person", "workspace"))


def _stop(chat: str) -> str:
    linked = _of_chat(chat)
    for contact in linked:
        remove_contact(contact, actor=contact.person)
    return STOPPED if linked else NOT_LINKED.format(site=settings.SITE_URL)


def _shut_out(chat: str) -> None:
    for contact in _of_chat(chat):
        disable_contact(
            contact, why=DisabledFor.GONE, note=gettext("Telegram says that the bot was blocked or removed")
        )


@transaction.atomic
def _moved(chat: str, to: str) -> None:
    """A group became a supergroup, which has another number."""
    for contact in _of_chat(chat):
        contact.target = to  # type: ignore[assignment]
        contact.target_digest = target_digest("telegram", to)
        contact.save(update_fields=["target", "target_digest", "updated_at"])


def _hash(code: str) -> str:
    """Codes are 192 random bits: a plain hash gives nothing away."""
    return hashlib.sha256(code.encode()).hexdigest()
