"""`manage.py privacy purge|erase`: take away what is kept for a time only, and carry out due deletions."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand

from apps.accounts.services.privacy import close_due_workspaces, erase_due_people, purge


class Command(BaseCommand):
    help = "Carry out retention and due deletions now; both also run by themselves."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        purging = actions.add_parser("purge", help="take away what is kept for a time only")
        purging.add_argument("--dry-run", action="store_true", help="count it only")
        actions.add_parser("erase", help="delete people and workspaces whose grace period is over")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "erase":
            people, workspaces = erase_due_people(), close_due_workspaces()
            self.stdout.write(f"Deleted: {people} people, {workspaces} workspaces.")
            return
        verb = "would go" if options["dry_run"] else "gone"
        for line in purge(dry_run=options["dry_run"]):
            self.stdout.write(f"{line.period.kept.kind} (kept {line.period.days} days): {line.rows} {verb}")
