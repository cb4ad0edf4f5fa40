"""What billing holds about people and workspaces."""

from django.apps import apps

from apps.core.privacy import exempt, holds

BOOKS = (
    "Books of what was sold are kept as long as the law of the seller asks, also when the workspace is gone."
)
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
exempt("billing.PlanPrice", "the same for everybody")
exempt("billing.CreditPack", "the same for everybody")
exempt("billing.Coupon", "the same for everybody")
exempt("billing.TaxRate", "the same for everybody")
exempt("billing.InvoiceSeries", "numbers alone")
exempt("billing.GatewayObject", "what plans, packs and coupons are called at a gateway")
exempt("billing.Reconciliation", "counts of comparisons")
holds("billing.Subscription", "The subscription, and why it was cancelled", workspace="workspace_id")
holds(
    "billing.SubscriptionChange",
    "What became of the subscription",
    workspace="workspace_id",
    stays="Sums of revenue must add up; a row holds a plan, amounts and times, and numbers that name nothing any more.",
)
holds(
    "billing.TrialUse",
    "That a trial was begun",
    workspace="workspace_id",
    stays="One trial a person: a digest that leads back to nobody without our key.",
)
holds(
    "billing.Checkout", "What was about to be bought", workspace="workspace_id", mentions=("started_by_id",)
)
holds("billing.CouponUse", "Coupons that were used", workspace="workspace_id")
holds("billing.GatewayCustomer", "What gateways call the workspace", workspace="workspace_id")
exempt("billing.GatewayEvent", "which objects of a gateway changed, by the gateway's ids")
holds("billing.Payment", "Payments", workspace="workspace_id", stays=BOOKS)
holds(
    "billing.Refund",
    "Money given back",
    workspace="payment__workspace_id",
    mentions=("asked_by_id",),
    stays=BOOKS,
)
holds("billing.BillingProfile", "Whom invoices are made out to", workspace="workspace_id")
holds("billing.Invoice", "Invoices and credit notes", workspace="workspace_id", stays=BOOKS)
holds("billing.InvoiceLine", "What stands on invoices", workspace="invoice__workspace_id", stays=BOOKS)
holds(
    "billing.Difference",
    "Differences that a comparison of the books found",
    workspace="workspace_id",
    stays=BOOKS,
)
holds("billing.MeterCap", "Limits that the workspace set itself", workspace="workspace_id")
holds("billing.CapNotice", "What it was told about its limits", workspace="workspace_id")
holds("billing.UsageDay", "How much was used each day", workspace="workspace_id")

# dj-stripe's copy of what Stripe holds: gateways/stripe/guards.py takes names, addresses and contacts out of every row.
for _model in apps.get_app_config("djstripe").get_models(include_auto_created=True):
    if _model._meta.label != "djstripe.Customer":
        exempt(
            _model._meta.label, "a copy of Stripe's objects for staff, without names, addresses and contacts"
        )
holds(
    "djstripe.Customer",
    "What Stripe calls a workspace",
    person="subscriber_id",  # dj-stripe's own column for a person, which stays empty here
)
