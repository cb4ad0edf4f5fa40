"""`manage.py telegram_updates`: what people write to our bot, by asking for it or by having it sent."""

from __future__ import annotations

from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse

from apps.notifications.services.telegram import take_telegram_update

KINDS = ["message", "my_chat_member"]
LONG_POLL_S = 50


class Command(BaseCommand):
    help = (
        "Ask Telegram for updates until stopped. With --webhook, have Telegram send them to SITE_URL instead "
        "(needs https and TELEGRAM_WEBHOOK_SECRET)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--webhook", action="store_true", help="register the webhook and end")
        parser.add_argument("--once", action="store_true", help="take what is there and end")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TELEGRAM_BOT_TOKEN:
            raise CommandError("TELEGRAM_BOT_TOKEN is not set; @BotFather gives one.")
        with httpx.Client(
            base_url=f"{settings.TELEGRAM_API_URL}/bot{settings.TELEGRAM_BOT_TOKEN}/",
            timeout=LONG_POLL_S + 10,
        ) as client:
            if options["webhook"]:
                self._register(client)
            else:
                self._ask(client, once=options["once"])

    def _register(self, client: httpx.Client) -> None:
        if not settings.TELEGRAM_WEBHOOK_SECRET or not settings.SITE_URL.startswith("https://"):
            raise CommandError("A webhook needs an https SITE_URL and TELEGRAM_WEBHOOK_SECRET.")
        url = settings.SITE_URL + reverse("notifications:telegram_update")
        _call(
            client,
            "setWebhook",
            {"url": url, "secret_token": settings.TELEGRAM_WEBHOOK_SECRET, "allowed_updates": KINDS},
        )
        self.stdout.write(f"Telegram sends updates to {url}.")

    def _ask(self, client: httpx.Client, *, once: bool) -> None:
        _call(client, "deleteWebhook", {})
        offset = 0
        while True:
            wait_s = 0 if once else LONG_POLL_S
            found = _call(
                client, "getUpdates", {"offset": offset, "timeout": wait_s, "allowed_updates": KINDS}
            )
            for update in found:
                answer = take_telegram_update(update)
                offset = (
                    update["update_id"] + 1
                )  # the next question with it tells Telegram that this one is done
                if answer is not None:
                    _call(client, "sendMessage", {"chat_id": int(answer[0]), "text": str(answer[1])})
            if once and not found:
                return


def _call(client: httpx.Client, method: str, body: dict[str, Any]) -> Any:
    """The result of a method. Raises CommandError in words that do not hold the token."""
    try:
        answer = client.post(method, json=body).json()
    except (httpx.HTTPError, ValueError) as error:
        raise CommandError(f"Telegram could not be asked ({method}): {type(error).__name__}") from None
    if not answer.get("ok"):
        raise CommandError(f"Telegram refused {method}: {answer.get('description', 'no reason given')}")
    return answer["result"]
