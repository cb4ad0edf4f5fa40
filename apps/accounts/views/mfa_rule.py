"""Settings of a workspace: whether everybody in it needs a second factor."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from apps.accounts.confirm import require_confirmed
from apps.accounts.factor_forms import MfaRuleForm
from apps.accounts.needs import needs
from apps.accounts.selectors import members_of
from apps.accounts.selectors.second_factors import members_without_factor
from apps.accounts.services.second_factors import MfaSource, set_mfa_requirement


@needs("workspace.manage")
@never_cache
@require_http_methods(["GET", "POST"])
def mfa_rule(request: HttpRequest) -> HttpResponse:
    """Switch the rule on or off, and see who still lacks a factor."""
    workspace = request.workspace
    form = MfaRuleForm(request.POST or None)
    if request.method == "POST":
        require_confirmed(request)
        if "waive" in request.POST:
            set_mfa_requirement(workspace, source=MfaSource.OWN, starts=None, actor=request.user)
            messages.success(
                request, gettext("The workspace no longer asks for a second factor of its own accord.")
            )
            return redirect("accounts:mfa-rule")
        if form.is_valid():
            if form.cleaned_data["starts"] == 0 and request.user.second_factors_at is None:
                form.add_error(
                    "starts", gettext("Set up a second factor of your own first, or choose a later day.")
                )
            else:
                starts = form.starts_at()
                set_mfa_requirement(workspace, source=MfaSource.OWN, starts=starts, actor=request.user)
                messages.success(
                    request, gettext("Saved. Members without a second factor are told from now on.")
                )
                return redirect("accounts:mfa-rule")
    context = {
        "form": form,
        "lacking": members_without_factor(workspace),
        "members": members_of(workspace).count(),
    }
    return render(request, "accounts/mfa_rule.html", context)
