"""What is left of the plan, day by day and meter by meter, and the caps that a workspace sets itself."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from apps.accounts.models import Workspace
from apps.accounts.needs import needs
from apps.billing.choices import SubscriptionStatus
from apps.billing.errors import BillingRefused
from apps.billing.forms import CapForm
from apps.billing.models import Subscription
from apps.billing.rules import next_reset
from apps.billing.selectors import api_rate_of, plan_of, usage_of
from apps.billing.selectors.credits import available_of
from apps.billing.selectors.usage import usage_of_days
from apps.billing.services.caps import set_cap
from apps.billing.services.usage import usage_meters

DAYS = 30


class Use(NamedTuple):
    """A meter's bars: amounts by day, the largest of them and their sum."""

    words: str
    days: list[tuple[date, int]]
    most: int
    total: int


@needs("workspace.view", writing="billing.manage")
@require_http_methods(["GET", "POST"])
def usage(request: HttpRequest) -> HttpResponse:
    """The page; a POST sets the caps of one meter, or takes them away."""
    error, meter = "", ""
    if request.method == "POST":
        form = CapForm(request.POST)
        meter = request.POST.get("meter", "")
        if form.is_valid():
            try:
                cap = set_cap(request.workspace, actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            except BillingRefused as refused:
                error = refused.message
            else:
                messages.success(
                    request, gettext("The cap is set.") if cap else gettext("There is no cap any more.")
                )
                return redirect("usage:usage")
        else:
            error = " ".join(f"{words}" for errors in form.errors.values() for words in errors)
    context = _context(request.workspace) | {"error": error, "open": meter}
    return render(request, "billing/usage.html", context, status=422 if error else 200)


def _context(workspace: Workspace) -> dict[str, Any]:
    today = timezone.now().astimezone(UTC).date()
    trial = Subscription.objects.filter(
        workspace=workspace, gateway="", status=SubscriptionStatus.TRIALING
    ).values_list("trial_end", flat=True)
    return {
        "plan": plan_of(workspace),
        "rate": api_rate_of(workspace),
        "trial_end": trial.first(),
        "available": available_of(workspace),
        "next_month": next_reset("month", today),
        "meters": usage_of(workspace),
        "days_of": _uses(workspace, today),
    }


def _uses(workspace: Workspace, today: date) -> list[Use]:
    """Everything that was counted in the last 30 days, the most used first."""
    first = today - timedelta(days=DAYS - 1)
    counted = usage_of_days(workspace, first, today)
    words = usage_meters()
    span = [first + timedelta(days=number) for number in range(DAYS)]
    found = []
    for meter, days in sorted(counted.items()):
        name = words.get(meter, meter.replace("_", " "))
        bars = [(day, days.get(day, 0)) for day in span]
        most, total = max(days.values()), sum(days.values())
        found.append(Use(name[:1].upper() + name[1:], bars, most, total))
    return found
