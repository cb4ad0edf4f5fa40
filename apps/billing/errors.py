"""Refusals a plan causes."""

from apps.core.errors import DomainError
from apps.core.words import gettext_lazy


class QuotaExceeded(DomainError):
    """402: the plan's amount is used up; says which, how much, and when it comes back."""

    code = "quota_exceeded"
    status = 402
    title = gettext_lazy("The plan's limit is reached")


class CapReached(QuotaExceeded):
    """402: the workspace's own cap on a meter is reached; its owner can raise it."""

    code = "cap_reached"
    title = gettext_lazy("The workspace's own cap is reached")


class NotInPlan(DomainError):
    """402: the plan lacks this; says which plans have it."""

    code = "not_in_plan"
    status = 402
    title = gettext_lazy("Not part of this plan")


class InsufficientCredits(DomainError):
    """402: the workspace has fewer credits than the work costs; says how many, and what can be done."""

    code = "insufficient_credits"
    status = 402
    title = gettext_lazy("Not enough credits")


class LedgerRefused(DomainError):
    """What the ledger is asked to do contradicts what it holds; nothing was changed."""

    code = "ledger_refused"
    status = 409
    title = gettext_lazy("The credits cannot be moved like this")


class UnknownGateway(DomainError):
    code = "unknown_gateway"
    status = 404
    title = gettext_lazy("No such payment gateway")


class GatewayUnreachable(DomainError):
    """The gateway did not answer, or could not now; trying again later may help. Nothing was changed here."""

    code = "gateway_unreachable"
    status = 503
    title = gettext_lazy("The payment provider cannot be reached")


class GatewayRefused(DomainError):
    """The gateway answered no; trying again will not help."""

    code = "gateway_refused"
    status = 409
    title = gettext_lazy("The payment provider refused")


class SignatureWrong(DomainError):
    """A webhook that was not signed by the gateway, or long ago."""

    code = "signature_wrong"
    status = 400
    title = gettext_lazy("The signature is wrong")


class NotificationBroken(DomainError):
    """A webhook of a right signature that cannot be read."""

    code = "notification_broken"
    status = 400
    title = gettext_lazy("The notification cannot be read")


class BillingRefused(DomainError):
    """What is asked does not fit the workspace's subscription or payments; nothing was changed."""

    code = "billing_refused"
    status = 409
    title = gettext_lazy("This cannot be done now")


class CouponRefused(DomainError):
    code = "coupon_refused"
    status = 422
    title = gettext_lazy("The coupon cannot be used")


class TrialRefused(DomainError):
    code = "trial_refused"
    status = 409
    title = gettext_lazy("No trial can be begun")
