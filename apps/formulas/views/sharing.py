"""Sharing one formula with people outside: the panel of those who give, the list of those who receive."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.needs import ALWAYS, needs
from apps.core.lists import Asked
from apps.formulas.access import get_formula_for, get_share_of, shared_formulas
from apps.formulas.choices import ShareLevel
from apps.formulas.errors import ShareRefused
from apps.formulas.forms import ShareForm
from apps.formulas.lists import SHARED
from apps.formulas.selectors import shares_of
from apps.formulas.services import change_share, revoke_share, share_formula


@needs("formulas.view")
@require_GET
def shared_list(request: HttpRequest) -> HttpResponseBase:
    """Formulas of others, last edited first."""
    asked = Asked(SHARED, request)
    rows = asked.chosen(
        shared_formulas(request), q=("name__icontains", "sharer_name__icontains", "sharer_email__icontains")
    )
    return asked.answer(rows, "formulas/shared_list.html")


@needs("formulas.share")
def formula_shares(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Who has it; a POST shares it with somebody."""
    formula = get_formula_for(request.workspace, uuid)
    form = ShareForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            share = share_formula(formula, actor=request.user, **form.cleaned_data)
        except ShareRefused as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(
                request, gettext("Shared with {email}, who is told by mail.").format(email=share.email)
            )
            return redirect("formulas:formula-shares", uuid=uuid)
    context = {
        "formula": formula,
        "form": form,
        "shares": shares_of(formula),
        "levels": ShareLevel.choices,
    }
    return render(request, "formulas/formula_shares.html", context, status=422 if form.errors else 200)


@needs("formulas.share")
@require_POST
def share_level(request: HttpRequest, uuid: UUID, share: UUID) -> HttpResponse:
    found = get_share_of(get_formula_for(request.workspace, uuid), share)
    changed = change_share(found, level=request.POST.get("level", ""), actor=request.user)
    messages.success(request, f"{changed.email}: {changed.get_level_display().lower()}.")
    return redirect("formulas:formula-shares", uuid=uuid)


@needs("formulas.share", plan=ALWAYS)
@require_POST
def share_revoke(request: HttpRequest, uuid: UUID, share: UUID) -> HttpResponse:
    found = get_share_of(get_formula_for(request.workspace, uuid), share)
    revoke_share(found, actor=request.user)
    messages.success(
        request,
        gettext("{email} no longer sees this formula. Copies made of it stay.").format(email=found.email),
    )
    return redirect("formulas:formula-shares", uuid=uuid)


@needs("formulas.view")
@require_POST
def share_leave(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a formula of somebody else off one's list."""
    formula = shared_formulas(request).filter(uuid=uuid).first()
    if formula is None:
        raise Http404(gettext("No such formula is shared with you."))
    revoke_share(formula.shares.get(person=request.user), actor=request.user)
    messages.success(request, gettext("“{name}” is no longer on your list.").format(name=formula.name))
    return redirect("formulas:shared-list")
