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
