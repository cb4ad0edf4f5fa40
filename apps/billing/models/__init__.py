"""Tables of the billing room, one file per subject."""

from apps.billing.models.credits import (
    CreditBucket,
    LedgerCheck,
    LedgerEntry,
    LedgerNote,
    LedgerTransaction,
    WorkspaceCredits,
)
from apps.billing.models.plans import (
    RESERVED_PLUS_USED,
    MeterUsage,
    Plan,
    PlanLimit,
    Reservation,
    WorkspacePlan,
)

__all__ = [
    "RESERVED_PLUS_USED",
    "CreditBucket",
    "LedgerCheck",
    "LedgerEntry",
    "LedgerNote",
    "LedgerTransaction",
    "MeterUsage",
    "Plan",
    "PlanLimit",
    "Reservation",
    "WorkspaceCredits",
    "WorkspacePlan",
]
