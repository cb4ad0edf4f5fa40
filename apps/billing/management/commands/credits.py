"""`manage.py credits verify|grant|expire`: recompute every balance, or do now what jobs do by themselves."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.billing.services.credits import expire_credits, grant_plan_credits, keep_check, verify_credits


class Command(BaseCommand):
    help = "Verify the ledger of credits; grant and expire what is due (both also run by themselves)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser(
            "verify", help="recompute every balance from the entries; exit code 1 and a line per fault"
        )
        actions.add_parser("grant", help="give every workspace what its plan gives this month")
        actions.add_parser("expire", help="take credits whose time is over out of the balances")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "grant":
            self.stdout.write(f"Granted: {grant_plan_credits():,} credits.")
        elif action == "expire":
            self.stdout.write(f"Expired: {expire_credits():,} credits.")
        else:
            self._verify()

    def _verify(self) -> None:
        check = keep_check(verify_credits())
        for fault in check.faults:
            self.stdout.write(fault)
        if check.faults:
            raise CommandError(f"The ledger is not whole: {len(check.faults)} faults.")
        self.stdout.write(f"Whole: {check.buckets:,} buckets, {check.transactions:,} transactions.")
