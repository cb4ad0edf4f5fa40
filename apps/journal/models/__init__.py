"""Entries, the chains that seal them, and the consumers that read them."""

from apps.journal.models.chains import Checkpoint, Clock, Seal, Verification, chain_name
from apps.journal.models.consumers import Cursor, Retry
from apps.journal.models.entries import ERASED, Entry, PersonalPart

__all__ = [
    "ERASED",
    "Checkpoint",
    "Clock",
    "Cursor",
    "Entry",
    "PersonalPart",
    "Retry",
    "Seal",
    "Verification",
    "chain_name",
]
