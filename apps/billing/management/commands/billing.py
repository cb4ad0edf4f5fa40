"""`manage.py billing sync`: what is sold, brought over to Stripe; `mirror`: staff's copy of what Stripe holds."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.billing.gateways.registry import gateway
from apps.billing.services.mirroring import catch_up_mirror, sync_catalogue
from apps.core.errors import DomainError


class Command(BaseCommand):
    help = "Plans, packs and coupons at Stripe, and the copy of what Stripe holds."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["sync", "mirror"])

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        if not gateway("stripe").is_ready():
            raise CommandError("Stripe is not set up: set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET.")
        try:
            if what == "sync":
                self.stdout.write(f"{sync_catalogue()} objects made or changed at Stripe")
            else:
                self.stdout.write(f"{catch_up_mirror()} objects copied")
        except DomainError as error:
            raise CommandError(error.message) from error
