"""Refusals a plan causes."""

from apps.core.errors import DomainError


class QuotaExceeded(DomainError):
    """402: the plan's amount is used up; says which, how much, and when it comes back."""

    code = "quota_exceeded"
    status = 402
    title = "The plan's limit is reached"


class NotInPlan(DomainError):
    code = "not_in_plan"
    status = 402
    title = "Not part of this plan"


class InsufficientCredits(DomainError):
    """402: the workspace has fewer credits than the work costs; says how many, and what can be done."""

    code = "insufficient_credits"
    status = 402
    title = "Not enough credits"


class LedgerRefused(DomainError):
    """What the ledger is asked to do contradicts what it holds; nothing was changed."""

    code = "ledger_refused"
    status = 409
    title = "The credits cannot be moved like this"
