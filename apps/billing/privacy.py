"""What billing holds about people and workspaces."""

from django.apps import apps

from apps.core.privacy import exempt, holds
from apps.core.words import gettext_noop

BOOKS = gettext_noop(
    "Books of what was sold are kept as long as the law of the seller asks, also when the workspace is gone."
)
LEDGER_STAYS = gettext_noop(
    "Accounts must add up, also those of a workspace that is gone. A row holds amounts, times and numbers that name "
    "nothing any more; what people wrote beside it is deleted."
)
WITH_IT = gettext_noop("Part of the ledger of credits, which must add up; amounts and times alone.")

holds("billing.MeterUsage", gettext_noop("How much of the plan was used"), workspace="workspace_id")
holds("billing.Reservation", gettext_noop("What jobs took of the plan"), workspace="usage__workspace_id")
holds(
    "billing.CreditBucket",
    gettext_noop("Credits by origin and expiry"),
    workspace="workspace_id",
    stays=WITH_IT,
)
holds(
    "billing.LedgerTransaction",
    gettext_noop("What happened to the credits"),
    workspace="workspace_id",
    mentions=("actor_id",),
    stays=LEDGER_STAYS,
)
holds(
    "billing.LedgerEntry",
    gettext_noop("What happened to the credits, bucket by bucket"),
    workspace="transaction__workspace_id",
    stays=WITH_IT,
)
holds(
    "billing.LedgerNote", gettext_noop("Reasons given for changes of the credits"), workspace="workspace_id"
)
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
holds(
    "billing.Subscription",
    gettext_noop("The subscription, and why it was cancelled"),
    workspace="workspace_id",
)
holds(
    "billing.SubscriptionChange",
    gettext_noop("What became of the subscription"),
    workspace="workspace_id",
    stays=gettext_noop(
        "Sums of revenue must add up; a row holds a plan, amounts and times, and numbers that name nothing any more."
    ),
)
holds(
    "billing.TrialUse",
    gettext_noop("That a trial was begun"),
    workspace="workspace_id",
    stays=gettext_noop("One trial a person: a digest that leads back to nobody without our key."),
)
holds(
    "billing.Checkout",
    gettext_noop("What was about to be bought"),
    workspace="workspace_id",
    mentions=("started_by_id",),
)
holds("billing.CouponUse", gettext_noop("Coupons that were used"), workspace="workspace_id")
holds("billing.GatewayCustomer", gettext_noop("What gateways call the workspace"), workspace="workspace_id")
exempt("billing.GatewayEvent", "which objects of a gateway changed, by the gateway's ids")
holds("billing.Payment", gettext_noop("Payments"), workspace="workspace_id", stays=BOOKS)
holds(
    "billing.Refund",
    gettext_noop("Money given back"),
    workspace="payment__workspace_id",
    mentions=("asked_by_id",),
    stays=BOOKS,
)
holds("billing.BillingProfile", gettext_noop("Whom invoices are made out to"), workspace="workspace_id")
holds("billing.Invoice", gettext_noop("Invoices and credit notes"), workspace="workspace_id", stays=BOOKS)
holds(
    "billing.InvoiceLine",
    gettext_noop("What stands on invoices"),
    workspace="invoice__workspace_id",
    stays=BOOKS,
)
holds(
    "billing.Difference",
    gettext_noop("Differences that a comparison of the books found"),
    workspace="workspace_id",
    stays=BOOKS,
)
holds("billing.MeterCap", gettext_noop("Limits that the workspace set itself"), workspace="workspace_id")
holds("billing.CapNotice", gettext_noop("What it was told about its limits"), workspace="workspace_id")
holds("billing.UsageDay", gettext_noop("How much was used each day"), workspace="workspace_id")

# dj-stripe's copy of what Stripe holds: gateways/stripe/guards.py takes names, addresses and contacts out of every row.
for _model in apps.get_app_config("djstripe").get_models(include_auto_created=True):
    if _model._meta.label != "djstripe.Customer":
        exempt(
            _model._meta.label, "a copy of Stripe's objects for staff, without names, addresses and contacts"
        )
holds(
    "djstripe.Customer",
    gettext_noop("What Stripe calls a workspace"),
    person="subscriber_id",  # dj-stripe's own column for a person, which stays empty here
)
