"""`manage.py receive_alert_mail`: take mail for the sources that have an e-mail address, until stopped."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.signals.intake.mail import listen
from apps.signals.intake.reception import Reception


class Command(BaseCommand):
    help = "Take mail for ALERT_MAIL_DOMAIN at ALERT_MAIL_LISTEN and store each message as an alert."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ALERT_MAIL_DOMAIN:
            raise CommandError(
                "ALERT_MAIL_DOMAIN is not set: give the domain whose mail comes to this machine."
            )
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        host, _, port = settings.ALERT_MAIL_LISTEN.rpartition(":")
        reception = Reception()
        try:
            server = await listen(
                reception,
                domain=settings.ALERT_MAIL_DOMAIN,
                host=host.strip("[]"),
                port=int(port),
                certificate=settings.ALERT_MAIL_CERTIFICATE,
            )
        except OSError as error:
            raise CommandError(
                f"Cannot wait for mail at {settings.ALERT_MAIL_LISTEN}: {error.strerror or error}."
            ) from error
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        self.stdout.write(f"Mail for {settings.ALERT_MAIL_DOMAIN} is taken at {settings.ALERT_MAIL_LISTEN}.")
        self.stdout.flush()
        await stopped.wait()
        server.close()
        await reception.stop()
