"""Writes about privacy: exports, deletion with a grace period, and what is kept for a time only."""

from apps.accounts.services.privacy.erasure import (
    GRACE,
    cancel_erasure,
    close_due_workspaces,
    erase_due_people,
    erase_user,
    erase_workspace,
    remove_files,
    request_erasure,
)
from apps.accounts.services.privacy.exports import (
    build_export,
    note_download,
    request_export,
    resume_exports,
)
from apps.accounts.services.privacy.retention import purge, set_days

__all__ = [
    "GRACE",
    "build_export",
    "cancel_erasure",
    "close_due_workspaces",
    "erase_due_people",
    "erase_user",
    "erase_workspace",
    "note_download",
    "purge",
    "remove_files",
    "request_erasure",
    "request_export",
    "resume_exports",
    "set_days",
]
