"""What people are told about money. Imported by `apps.py`."""

from __future__ import annotations

from apps.notifications.choices import Mode, Urgency
from apps.notifications.services import Event, register_event

NOW = {"inbox": Mode.NOW, "email": Mode.NOW}

PAYMENT_FAILED = register_event(
    Event(
        "billing.payment.failed",
        "A payment of your workspace failed, or is overdue",
        urgency=Urgency.HIGH,
        modes=NOW,
        required=True,
        sample={
            "title": "The payment of USD 29.00 failed",
            "text": "Your card was declined. Pro stays while the payment is tried again. See that the card works.",
            "facts": [["Plan", "Pro"], ["Paid with", "Visa 0341"]],
            "url": "/settings/workspace/billing/",
            "url_words": "Put it right",
        },
    )
)
SUBSCRIPTION_ENDED = register_event(
    Event(
        "billing.subscription.ended",
        "The subscription of your workspace ended",
        urgency=Urgency.HIGH,
        modes=NOW,
        required=True,
    )
)
SUBSCRIPTION_STARTED = register_event(
    Event("billing.subscription.started", "Your workspace has a new plan", modes=NOW)
)
PAYMENT_RECEIVED = register_event(
    Event("billing.payment.received", "A payment of your workspace arrived, with its invoice", modes=NOW)
)
PAYMENT_REFUNDED = register_event(
    Event("billing.payment.refunded", "Money was given back to your workspace", modes=NOW)
)
RENEWAL_DUE = register_event(
    Event(
        "billing.renewal.due",
        "The next period of your plan waits to be paid",
        urgency=Urgency.HIGH,
        modes=NOW,
        required=True,
    )
)
TRIAL_ENDING = register_event(
    Event("billing.trial.ending", "The trial of your workspace ends in three days", modes=NOW)
)
LIMIT_NEAR = register_event(
    Event(
        "billing.limit.near",
        "Your workspace has used much, or all, of what its plan or its own cap gives",
        modes=NOW,
        sample={
            "title": "Backtests: 80 % used",
            "text": "40 of 50 backtests, what the plan gives.",
            "facts": [["Used", "40"], ["Starts again", "1 December, 00:00 UTC"]],
            "url": "/settings/workspace/usage/",
            "url_words": "See what is left",
        },
    )
)
