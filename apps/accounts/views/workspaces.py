"""The workspace's own pages: which one to work in, its name, handing over, leaving, closing."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.confirm import confirmed
from apps.accounts.errors import WorkspaceRefused
from apps.accounts.forms import TransferForm, WorkspaceForm
from apps.accounts.middleware import SESSION_KEY
from apps.accounts.models import Membership, Workspace
from apps.accounts.needs import needs
from apps.accounts.rules import SIGNED_IN
from apps.accounts.selectors import membership_by_uuid, workspaces_of
from apps.accounts.services import (
    change_workspace,
    close_workspace,
    create_team,
    remove_member,
    reopen_workspace,
    transfer_workspace,
)


@needs("workspace.view", writing="workspace.manage")
def workspace(request: HttpRequest) -> HttpResponse:
    """Name and letter; below, what ends: handing over, leaving, closing."""
    with transaction.atomic():
        here = request.workspace
        if request.method == "POST":  # of two who save at once, the second sees what the first has saved
            here = Workspace.objects.select_for_update().get(pk=here.pk)
        form = WorkspaceForm(request.POST or None, initial={"name": here.name, "letter": here.letter})
        is_saved = request.method == "POST" and form.is_valid()
        if is_saved:
            change_workspace(here, actor=request.user, **form.cleaned_data)
    if is_saved:
        messages.success(request, gettext("Workspace saved."))
        return redirect("accounts:workspace")
    context = {"form": form, "transfer_form": TransferForm(workspace=here)}
    return render(request, "accounts/workspace.html", context, status=409 if form.overtaken else 200)


@needs(SIGNED_IN)
def workspace_new(request: HttpRequest) -> HttpResponse:
    """A team; one works in it at once."""
    form = WorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        team = create_team(actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        request.session[SESSION_KEY] = team.pk
        messages.success(
            request, gettext("You work in {name} now. Invite the others.").format(name=team.name)
        )
        return redirect("accounts:members")
    return render(request, "accounts/workspace_new.html", {"form": form})


@needs(SIGNED_IN)
@require_GET
def workspace_menu(request: HttpRequest) -> HttpResponse:
    """The list below the workspace's name in the top bar, fetched when it is opened."""
    return render(request, "accounts/_workspace_menu.html", {"workspaces": workspaces_of(request.user)})  # type: ignore[arg-type]


@needs(SIGNED_IN)
@require_POST
def workspace_switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Work in another of one's workspaces from now on, in this browser."""
    membership = membership_by_uuid(request.user, uuid)  # type: ignore[arg-type]
    if membership is None:
        raise Http404(gettext("You are in no such workspace."))
    request.session[SESSION_KEY] = membership.workspace_id
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "pages:dashboard"
    return redirect(target)


@needs("workspace.own")
@require_POST
@confirmed
def workspace_transfer(request: HttpRequest) -> HttpResponse:
    form = TransferForm(request.POST, workspace=request.workspace)
    if form.is_valid():
        heir: Membership = form.cleaned_data["member"]
        try:
            transfer_workspace(request.workspace, to=heir, actor=request.user)  # type: ignore[arg-type]
            messages.success(
                request,
                gettext("{display_name} owns the workspace now. You are an admin.").format(
                    display_name=heir.user.display_name
                ),
            )
            return redirect("accounts:workspace")
        except WorkspaceRefused as error:
            form.add_error(None, error.message)
    name_form = WorkspaceForm(initial={"name": request.workspace.name, "letter": request.workspace.letter})
    context = {"form": name_form, "transfer_form": form}
    return render(request, "accounts/workspace.html", context, status=422)


@needs("workspace.own")
@require_POST
@confirmed
def workspace_close(request: HttpRequest) -> HttpResponse:
    closed = close_workspace(request.workspace, actor=request.user)  # type: ignore[arg-type]
    messages.success(
        request, gettext("{name} can only be read now. It is deleted in 14 days.").format(name=closed.name)
    )
    return redirect("accounts:workspace")


@needs("workspace.own")
@require_POST
def workspace_reopen(request: HttpRequest) -> HttpResponse:
    reopened = reopen_workspace(request.workspace, actor=request.user)  # type: ignore[arg-type]
    messages.success(request, gettext("{name} stays.").format(name=reopened.name))
    return redirect("accounts:workspace")


@needs("workspace.view")
@require_POST
def workspace_leave(request: HttpRequest) -> HttpResponse:
    left = request.workspace.name
    remove_member(request.membership, actor=request.user)  # type: ignore[arg-type]
    request.session.pop(SESSION_KEY, None)
    messages.success(request, gettext("You have left {left}.").format(left=left))
    return redirect("pages:dashboard")
