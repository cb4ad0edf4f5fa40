"""`manage.py vapid_key`: a new key that signs Web Push messages."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.notifications.channels.push_web.encryption import new_private_key


class Command(BaseCommand):
    help = "Print a new VAPID_PRIVATE_KEY. With another key, browsers have to subscribe again."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"VAPID_PRIVATE_KEY={new_private_key()}")
