"""`manage.py journal …`: verify the record, look after its consumers."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.core.errors import DomainError
from apps.journal.services import (
    Findings,
    keep_verification,
    lag,
    oldest_writer,
    recheck_export,
    replay,
    retry_parked,
    seal_entries,
    verify_journal,
    verify_workspace,
)


def moment(text: str) -> datetime:
    """A date or time; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; write 2026-11-21 or 2026-11-21T14:30 (UTC)"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = "Verify the journal; show, retry and replay its consumers."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        verify = deeds.add_parser(
            "verify", help="recompute every hash; name what was edited, removed or inserted"
        )
        verify.add_argument("--workspace", type=UUID, metavar="UUID", help="only this workspace's chain")
        verify.add_argument(
            "--head", default="", metavar="HASH", help="a head noted elsewhere that must still be there"
        )
        recheck = deeds.add_parser(
            "verify-export", help="recompute every hash of an exported file; needs no database"
        )
        recheck.add_argument("file", type=Path)
        recheck.add_argument(
            "--head", default="", metavar="HASH", help="the head of a seal that must be in it"
        )
        deeds.add_parser("seal", help="seal what is settled now, and print the heads")
        deeds.add_parser("consumers", help="how far each consumer is behind")
        again = deeds.add_parser("retry", help="try entries that failed again, also parked ones")
        again.add_argument("--consumer", metavar="NAME")
        again.add_argument("--entry", type=int, metavar="ID")
        play = deeds.add_parser("replay", help="let a consumer act again on all entries of a span")
        play.add_argument("--consumer", required=True, metavar="NAME")
        play.add_argument("--from", dest="since", required=True, type=moment, metavar="TIME")
        play.add_argument("--to", dest="until", type=moment, metavar="TIME")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["deed"].replace("-", "_"))(options)
        except DomainError as error:
            raise CommandError(error.message) from None

    def verify(self, options: dict[str, Any]) -> None:
        if options["workspace"]:
            workspace_id = self._workspace(options["workspace"])
            found = verify_workspace(workspace_id, head=options["head"])
            keep_verification(found, workspace_id)
        else:
            found = verify_journal(head=options["head"])
            keep_verification(found)
        for fault in found.faults:
            self.stderr.write(fault)
        if found.faults:
            raise CommandError(f"the journal is not whole: {_count(len(found.faults), 'fault')}")
        self.stdout.write(f"The journal is whole: {summary(found)}.")
        if found.head:
            self.stdout.write(f"Head: {found.head}")

    def verify_export(self, options: dict[str, Any]) -> None:
        found = recheck_export(options["file"], head=options["head"])
        for fault in found.faults:
            self.stderr.write(fault)
        if found.faults:
            raise CommandError(f"the export does not hold: {_count(len(found.faults), 'fault')}")
        self.stdout.write(
            f"Every hash holds: {_count(found.entries, 'entry', 'entries')}, {found.sealed} of them sealed."
        )
        if found.seals:
            rest = (
                f", which name {found.left_out} more entries that this file leaves out"
                if found.left_out
                else ""
            )
            self.stdout.write(f"They stand in {_count(found.seals, 'seal')} whose chain holds{rest}.")
            self.stdout.write(f"Head: {found.heads[-1]}")

    def seal(self, options: dict[str, Any]) -> None:
        for seal in seal_entries():
            self.stdout.write(
                f"{seal}: {_count(len(seal.manifest), 'entry', 'entries')}, head {seal.chain_hash}"
            )

    def consumers(self, options: dict[str, Any]) -> None:
        rows = lag()
        if not rows:
            self.stdout.write("No consumer is declared.")
            return
        width = max(len(str(row["consumer"])) for row in rows)
        self.stdout.write(f"{'consumer':<{width}}  behind  retries  parked  oldest it has yet to see")
        for row in rows:
            oldest = row["oldest"]
            text = f"{oldest:%Y-%m-%d %H:%M:%S}" if isinstance(oldest, datetime) else "–"
            self.stdout.write(
                f"{row['consumer']:<{width}}  {row['behind']:>6}  {row['retries']:>7}  {row['parked']:>6}  {text}"
            )
        held = oldest_writer()
        if held and held.total_seconds() > 60:
            self.stdout.write(
                f"A transaction that writes has been open for {held}; nothing younger is settled."
            )

    def retry(self, options: dict[str, Any]) -> None:
        count = retry_parked(consumer=options["consumer"], entry_id=options["entry"])
        self.stdout.write(f"{_count(count, 'entry', 'entries')} will be tried again.")

    def replay(self, options: dict[str, Any]) -> None:
        until = options["until"] or timezone.now()
        if until <= options["since"]:
            raise CommandError("--to must be later than --from")
        count = replay(options["consumer"], since=options["since"], until=until)
        self.stdout.write(f"{_count(count, 'entry', 'entries')} will be acted on again.")

    def _workspace(self, uuid: UUID) -> int:
        """The id of the workspace; rooms above are known to the journal by the setting alone."""
        model = apps.get_model(settings.JOURNAL_WORKSPACE_MODEL)
        found = model._default_manager.filter(uuid=uuid).values_list("pk", flat=True).first()
        if found is None:
            raise CommandError(f"There is no workspace {uuid}.")
        return int(found)


def summary(found: Findings) -> str:
    """What was read, in words."""
    parts = [_count(found.entries, "entry", "entries"), _count(found.seals, "seal")]
    if found.unsealed:
        parts.append(f"{found.unsealed} not yet sealed")
    if found.erased:
        parts.append(f"{_count(found.erased, 'personal part')} erased as recorded")
    return ", ".join(parts)


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
