"""Credits: granted, held for work to be done, settled or given back, refunded, expired.

What the rooms above use:

    held = hold_many([Need(workspace_id, key, amount, reference), …])   # before the work; see held.refused
    settle_many([(key, cost), …])                                        # it ended; the rest is available again
    release_many([key, …])                                               # it was not done at all
    refund_many([Refund(key, refund_key, amount), …])                    # it was settled and failed later

Each is a constant number of statements for any number of rows, joins the caller's transaction, and can be called again
with the same keys: what stands already is left as it is.
"""

from apps.billing.services.credits.closing import Refund, refund_many, release_many, settle_many
from apps.billing.services.credits.expiring import expire_credits
from apps.billing.services.credits.exporting import statement_csv
from apps.billing.services.credits.granting import (
    adjust_credits,
    grant_credits,
    grant_plan_credits,
    take_back_credits,
)
from apps.billing.services.credits.holding import Held, Lack, Need, hold_credits, hold_many
from apps.billing.services.credits.verifying import keep_check, verify_credits

__all__ = [
    "Held",
    "Lack",
    "Need",
    "Refund",
    "adjust_credits",
    "expire_credits",
    "grant_credits",
    "grant_plan_credits",
    "hold_credits",
    "hold_many",
    "keep_check",
    "refund_many",
    "release_many",
    "settle_many",
    "statement_csv",
    "take_back_credits",
    "verify_credits",
]
