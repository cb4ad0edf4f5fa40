"""What billing holds about people and workspaces."""

from apps.core.privacy import exempt, holds

LEDGER_STAYS = (
    "Accounts must add up, also those of a workspace that is gone. A row holds amounts, times and numbers that name "
    "nothing any more; what people wrote beside it is deleted."
)
WITH_IT = "Part of the ledger of credits, which must add up; amounts and times alone."

holds("billing.MeterUsage", "How much of the plan was used", workspace="workspace_id")
holds("billing.Reservation", "What jobs took of the plan", workspace="usage__workspace_id")
holds("billing.CreditBucket", "Credits by origin and expiry", workspace="workspace_id", stays=WITH_IT)
holds(
    "billing.LedgerTransaction",
    "What happened to the credits",
    workspace="workspace_id",
    mentions=("actor_id",),
    stays=LEDGER_STAYS,
)
holds(
    "billing.LedgerEntry",
    "What happened to the credits, bucket by bucket",
    workspace="transaction__workspace_id",
    stays=WITH_IT,
)
holds("billing.LedgerNote", "Reasons given for changes of the credits", workspace="workspace_id")
exempt("billing.LedgerCheck", "counts, and numbers of rows that are wrong")
exempt("billing.Plan", "the same for everybody")
exempt("billing.PlanLimit", "the same for everybody")
