"""Writing, sealing and reading the journal; `registry` tells how other rooms consume it."""

from apps.journal.services.consuming import (
    begin_consumers,
    lag,
    oldest_writer,
    replay,
    retry_parked,
    run_consumers,
)
from apps.journal.services.erasing import erase_person
from apps.journal.services.exporting import export_csv, export_json
from apps.journal.services.live import live_group
from apps.journal.services.rechecking import Recheck, recheck_export
from apps.journal.services.registry import consumer
from apps.journal.services.sealing import seal_entries
from apps.journal.services.verifying import Findings, keep_verification, verify_journal, verify_workspace
from apps.journal.services.writing import record

__all__ = [
    "Findings",
    "Recheck",
    "begin_consumers",
    "consumer",
    "erase_person",
    "export_csv",
    "export_json",
    "keep_verification",
    "lag",
    "live_group",
    "oldest_writer",
    "recheck_export",
    "record",
    "replay",
    "retry_parked",
    "run_consumers",
    "seal_entries",
    "verify_journal",
    "verify_workspace",
]
