"""Saved views of lists: kept by the list's own page, which one goes back to."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from apps.accounts.errors import ViewRefused
from apps.accounts.forms import ViewForm
from apps.accounts.models import SavedView
from apps.accounts.needs import needs
from apps.accounts.selectors import views_of
from apps.accounts.services import change_view, delete_view, save_view


@needs("workspace.view")
@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the posted `query` of the list `page` as a view."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Give the view a name of at most 60 characters."))
        return _back(request, "")
    values = form.cleaned_data
    try:
        view = save_view(request.user, request.workspace, **values)  # type: ignore[arg-type]
    except ViewRefused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, gettext("“{name}” is saved.").format(name=view.name))
    return _back(request, values["query"])


@needs("workspace.view")
@require_POST
def view_change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Rename it; `is_default` makes the list open with it."""
    view = _mine(request, uuid)
    form = ViewForm({**request.POST.dict(), "page": view.page, "query": view.query})
    if not form.is_valid():
        messages.error(request, gettext("Give the view a name of at most 60 characters."))
        return _back(request, view.query)
    try:
        change_view(view, name=form.cleaned_data["name"], is_default=form.cleaned_data["is_default"])
    except ViewRefused as error:
        messages.error(request, error.message)
    else:
        messages.success(request, gettext("“{name}” is saved.").format(name=view.name))
    return _back(request, view.query)


@needs("workspace.view")
@require_POST
def view_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    view = _mine(request, uuid)
    delete_view(view)
    messages.success(request, gettext("“{name}” is deleted.").format(name=view.name))
    return _back(request, view.query)


def _mine(request: HttpRequest, uuid: UUID) -> SavedView:
    view = views_of(request.user, request.workspace).filter(uuid=uuid).first()  # type: ignore[arg-type]
    if view is None:
        raise Http404(gettext("No such view."))
    return view


def _back(request: HttpRequest, query: str) -> HttpResponse:
    """To the list's page, `path` in the form; nowhere else."""
    path = request.POST.get("path", "").partition("?")[0]
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        path = "/"
    return redirect(f"{path}?{query}" if query else f"{path}?view=")
