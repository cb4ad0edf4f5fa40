"""What people are told about money. Imported by `apps.py`."""

from __future__ import annotations

from apps.core.words import gettext_lazy
from apps.notifications.choices import Mode, Urgency
from apps.notifications.services import Event, register_event

NOW = {"inbox": Mode.NOW, "email": Mode.NOW}

PAYMENT_FAILED = register_event(
    Event(
        "billing.payment.failed",
        gettext_lazy("A payment of your workspace failed, or is overdue"),
        urgency=Urgency.HIGH,
        modes=NOW,
        required=True,
        sample={
            "title": gettext_lazy("The payment of USD 29.00 failed"),
            "text": gettext_lazy(
                "Your card was declined. Pro stays while the payment is tried again. See that the card works."
            ),
            "facts": [[gettext_lazy("Plan"), "Pro"], [gettext_lazy("Paid with"), gettext_lazy("Visa 0341")]],
            "url": "/settings/workspace/billing/",
            "url_words": gettext_lazy("Put it right"),
        },
    )
)
SUBSCRIPTION_ENDED = register_event(
    Event(
        "billing.subscription.ended",
        gettext_lazy("The subscription of your workspace ended"),
        urgency=Urgency.HIGH,
        modes=NOW,
        required=True,
    )
)
SUBSCRIPTION_STARTED = register_event(
    Event("billing.subscription.started", gettext_lazy("Your workspace has a new plan"), modes=NOW)
)
PAYMENT_RECEIVED = register_event(
    Event(
        "billing.payment.received",
        gettext_lazy("A payment of your workspace arrived, with its invoice"),
        modes=NOW,
    )
)
PAYMENT_REFUNDED = register_event(
    Event("billing.payment.refunded", gettext_lazy("Money was given back to your workspace"), modes=NOW)
)
RENEWAL_DUE = register_event(
    Event(
        "billing.renewal.due",
        gettext_lazy("The next period of your plan waits to be paid"),
        urgency=Urgency.HIGH,
        modes=NOW,
        required=True,
    )
)
TRIAL_ENDING = register_event(
    Event("billing.trial.ending", gettext_lazy("The trial of your workspace ends in three days"), modes=NOW)
)
LIMIT_NEAR = register_event(
    Event(
        "billing.limit.near",
        gettext_lazy("Your workspace has used much, or all, of what its plan or its own cap gives"),
        modes=NOW,
        sample={
            "title": gettext_lazy("Backtests: 80 % used"),
            "text": gettext_lazy("40 of 50 backtests, what the plan gives."),
            "facts": [
                [gettext_lazy("Used"), "40"],
                [gettext_lazy("Starts again"), gettext_lazy("1 December, 00:00 UTC")],
            ],
            "url": "/settings/workspace/usage/",
            "url_words": gettext_lazy("See what is left"),
        },
    )
)
