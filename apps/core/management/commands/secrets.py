"""`manage.py secrets status|rotate`: under which keys the stored secrets are, and writing them under the newest."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.secrets.cipher import keyring
from apps.core.secrets.rotation import NOT_ENCRYPTED, count_by_key, encrypted_fields, rotate


class Command(BaseCommand):
    help = (
        "Stored secrets and their keys. Exit status 0: all is under the newest key; 1: something is not "
        "(status: rotate is due, or a key is missing; rotate: rows stayed locked or could not be opened)."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("status", help="rows per encrypted field and key")
        rotation = actions.add_parser(
            "rotate", help="write all secrets under the newest key; may be repeated"
        )
        rotation.add_argument("--batch", type=int, default=200, help="rows a transaction (200)")
        rotation.add_argument("--wait", type=float, default=10.0, help="seconds to wait for locked rows (10)")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "status":
            self.status()
        else:
            self.rotate(options["batch"], options["wait"])

    def status(self) -> None:
        ring = keyring()
        self.stdout.write(f"Keys, newest first: {', '.join(ring.keys)}")
        due, faults = 0, []
        for column in encrypted_fields():
            counts = count_by_key(column)
            by_key = ", ".join(f"{count} under {key}" for key, count in sorted(counts.items()))
            self.stdout.write(f"{column.place}: {by_key or 'no rows'}")
            for key, count in counts.items():
                if key == NOT_ENCRYPTED:
                    faults.append(f"{column.place}: {count} rows hold something that is no encrypted text")
                elif key not in ring.keys:
                    faults.append(f"{column.place}: {count} rows need the key {key}, which FIELD_KEYS lacks")
                elif key != ring.newest:
                    due += count
        if faults:
            raise CommandError("\n".join(faults))
        if due:
            raise CommandError(f"{due} secrets are under older keys: manage.py secrets rotate")
        self.stdout.write(f"All secrets are under {ring.newest}.")

    def rotate(self, batch: int, wait_seconds: float) -> None:
        if batch < 1:
            raise CommandError("--batch: at least 1")
        result = rotate(encrypted_fields(), batch=batch, wait_seconds=wait_seconds, progress=self.progress)
        self.stdout.write(f"{result.changed} secrets written anew under {keyring().newest}.")
        for problem in result.unreadable:
            self.stderr.write(problem)
        if not result.is_complete:
            raise CommandError(
                f"not finished: {result.locked} locked by others, {len(result.unreadable)} cannot be opened. "
                "Keep the older keys, mend this and run it again."
            )

    def progress(self, place: str, done: int, left: int) -> None:
        self.stdout.write(f"{place}: {done} done, {left} left")
