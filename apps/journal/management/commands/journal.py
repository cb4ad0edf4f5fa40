"""`manage.py journal verify`: is the record whole?"""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.journal.services import verify_journal


class Command(BaseCommand):
    help = "Verify the journal: every entry's hash and every seal's chain."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("action", choices=["verify"])

    def handle(self, *args: Any, **options: Any) -> None:
        result = verify_journal()
        for fault in result.faults:
            self.stderr.write(fault)
        if result.faults:
            raise CommandError(f"the journal is not whole: {len(result.faults)} faults")
        self.stdout.write(f"The journal is whole: {result.entries} entries, {result.seals} seals.")
