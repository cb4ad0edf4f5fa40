"""Admin: what Stripe holds, as dj-stripe last copied it; to be looked at. dj-stripe's own pages would take keys."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from djstripe import models

from apps.billing.rules.money import money
from apps.core.staff import ReadOnlyAdmin
from apps.core.words import gettext_lazy

for _model in apps.get_app_config("djstripe").get_models():
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)


class MirrorAdmin(ReadOnlyAdmin):
    """Rows newest first; who looks for a workspace finds it by its uuid in the metadata."""

    list_display = ["id", "stripe_status", "stripe_amount", "created", "livemode", "djstripe_updated"]
    list_filter = ["livemode"]
    search_fields = ["id", "metadata"]
    ordering = ["-created"]

    @admin.display(description=gettext_lazy("Status"))
    def stripe_status(self, row: Any) -> str | None:
        if "active" in row.stripe_data:
            return "active" if row.stripe_data["active"] else "put aside"
        return row.stripe_data.get("status")

    @admin.display(description=gettext_lazy("Amount"))
    def stripe_amount(self, row: Any) -> str | None:
        data = row.stripe_data
        amount = next(
            (data[name] for name in ("total", "amount", "unit_amount") if data.get(name) is not None), None
        )
        return None if amount is None else money(amount, data["currency"].upper())


for _model in (
    models.Customer,
    models.Product,
    models.Price,
    models.Subscription,
    models.Invoice,
    models.PaymentIntent,
    models.Charge,
    models.Refund,
):
    admin.site.register(_model, MirrorAdmin)
