"""A person's data: what is held and for how long, an export of it, and the end of the account."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from apps.accounts.confirm import confirmed
from apps.accounts.needs import SIGNED_IN, needs
from apps.accounts.selectors.privacy import (
    exports_of,
    periods,
    scope_of,
    sole_workspaces,
    teams_owned,
    what_is_held,
)
from apps.accounts.services.privacy import (
    GRACE,
    cancel_erasure,
    note_download,
    request_erasure,
    request_export,
)
from apps.core.privacy import Scope, holdings
from apps.core.words import gettext_lazy


class ErasureForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"),
        help_text=gettext_lazy("Type it, so that nothing goes by accident."),
    )

    def __init__(self, *args: object, address: str, **options: object) -> None:
        super().__init__(*args, **options)
        self.address = address

    def clean_email(self) -> str:
        if self.cleaned_data["email"].lower() != self.address.lower():
            raise forms.ValidationError(
                gettext("This is not the address of this account, {address}.").format(address=self.address)
            )
        return self.address


@needs(SIGNED_IN)
@never_cache
def privacy(request: HttpRequest) -> HttpResponse:
    exports = exports_of(request.user)[:5]
    return render(request, "accounts/privacy.html", {"exports": exports, "now": timezone.now()})


@needs(SIGNED_IN)
@confirmed
@require_POST
def export_new(request: HttpRequest) -> HttpResponse:
    request_export(request.user, actor=request.user)
    messages.success(request, gettext("Your data is being put together. You can leave this page."))
    return redirect("accounts:privacy")


@needs(SIGNED_IN)
@never_cache
def export_progress(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """One line of the list, asked for again while the export is being made."""
    export = get_object_or_404(exports_of(request.user), uuid=uuid)
    return render(request, "accounts/_export.html", {"export": export, "now": timezone.now()})


@needs(SIGNED_IN)
@confirmed
@never_cache
def export_download(request: HttpRequest, uuid: UUID) -> FileResponse:
    export = get_object_or_404(exports_of(request.user), uuid=uuid)
    path = note_download(export, actor=request.user)
    name = f"candlewright-{export.created_at:%Y-%m-%d}.zip"
    return FileResponse(default_storage.open(path, "rb"), as_attachment=True, filename=name)


@needs(SIGNED_IN)
@confirmed
@never_cache
def account_delete(request: HttpRequest) -> HttpResponse:
    """Says exactly what goes and what stays, and takes the request."""
    form = ErasureForm(request.POST or None, address=request.user.email)
    teams = teams_owned(request.user).order_by("name")
    if request.method == "POST" and form.is_valid() and not teams:
        request_erasure(request.user, actor=request.user)
        messages.success(request, gettext("Your account will be deleted. You can take this back until then."))
        return redirect("accounts:privacy")
    held = what_is_held(scope_of(request.user))
    page = {
        "form": form,
        "teams": teams,
        "workspaces": sole_workspaces(request.user).order_by("kind", "name"),
        "goes": [line for line in held if not line.holding.stays],
        "stays": [holding for holding in holdings().values() if holding.stays],
        "grace_days": GRACE.days,
        "day": timezone.now() + GRACE,
    }
    return render(request, "accounts/account_delete.html", page)


@needs(SIGNED_IN)
@require_POST
def account_keep(request: HttpRequest) -> HttpResponse:
    cancel_erasure(request.user, actor=request.user)
    messages.success(request, gettext("Your account stays."))
    return redirect("accounts:privacy")


@needs(SIGNED_IN)
def held(request: HttpRequest) -> HttpResponse:
    """What is held about the person, and for how long; made from the register."""
    page = {"held": what_is_held(scope_of(request.user)), "periods": periods()}
    return render(request, "accounts/held.html", page)


@needs("workspace.view")
def workspace_held(request: HttpRequest) -> HttpResponse:
    """The same for the workspace one works in."""
    scope = Scope(person=None, workspaces={request.workspace.pk: request.workspace.uuid})
    page = {"held": what_is_held(scope), "periods": periods(of_workspaces=True), "of_workspace": True}
    return render(request, "accounts/held.html", page)
