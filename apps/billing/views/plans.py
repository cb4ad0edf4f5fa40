"""The plans side by side, for everybody; and trying one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import needs
from apps.billing.choices import Interval
from apps.billing.selectors.comparison import compare
from apps.billing.services.trials import may_try, start_trial
from apps.core.manner import day_words


@require_GET
def plans(request: HttpRequest) -> HttpResponse:
    """What each plan gives and costs. Who is signed in sees their own, and where to change it."""
    found = compare(request.GET.get("currency", ""), request.GET.get("interval", ""))
    workspace = request.workspace if request.user.is_authenticated else None
    chooses = workspace is not None and "billing.manage" in request.rights
    context = {
        "layout": "layouts/app.html" if workspace else "layouts/public.html",
        "comparison": found,
        "intervals": Interval.choices,
        "workspace": workspace,
        "own": workspace.plan_code if workspace else "",
        "chooses": chooses,
        "to_try": {
            offer.plan.code
            for offer in found.offers
            if chooses and may_try(workspace, offer.plan, request.user)
        },
    }
    return render(request, "billing/plans.html", context)


@needs("billing.manage")
@require_POST
def trial(request: HttpRequest, code: str) -> HttpResponse:
    """Begin the trial of a plan. What stands against it is told with the way out."""
    begun = start_trial(request.workspace, code, actor=request.user)
    messages.success(
        request,
        gettext("You try {name} until {trial_end}.").format(
            name=begun.plan.name, trial_end=day_words(begun.trial_end, year=False)
        ),
    )
    return redirect("usage:usage")
