"""Who is in the workspace, who is asked to join, and what each role may do."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.choices import GRANTED_ROLES, Role
from apps.accounts.errors import InvitationRefused, WorkspaceRefused
from apps.accounts.forms import InvitationForm, RoleForm
from apps.accounts.lists import MEMBERS
from apps.accounts.needs import ALWAYS, needs
from apps.accounts.rules import RIGHTS
from apps.accounts.selectors import invitations_of, members_of
from apps.accounts.services import change_role, invitations, remove_member
from apps.core.lists import Asked


@needs("workspace.view", writing="members.manage")
def members(request: HttpRequest) -> HttpResponseBase:
    """The list; a POST invites somebody."""
    form = InvitationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invitations.invite(request.workspace, actor=request.user, **form.cleaned_data)  # type: ignore[arg-type]
            messages.success(
                request, gettext("An invitation is on its way to {email}.").format(email=invitation.email)
            )
            return redirect("accounts:members")
        except (InvitationRefused, WorkspaceRefused) as error:
            form.add_error(error.field, error.message)
    asked = Asked(MEMBERS, request)
    found = asked.chosen(
        members_of(request.workspace), q=("user__name__icontains", "user__email__icontains"), role="role"
    )
    context = {
        "form": form,
        "invitations": invitations_of(request.workspace) if "members.manage" in request.rights else [],
        "roles": GRANTED_ROLES,
    }
    return asked.answer(found, "accounts/members.html", context, status=422 if form.errors else 200)


@needs("members.manage", plan=ALWAYS)
@require_POST
def member_role(request: HttpRequest, uuid: UUID) -> HttpResponse:
    membership = get_object_or_404(members_of(request.workspace), uuid=uuid)
    form = RoleForm(request.POST)
    if not form.is_valid():
        raise WorkspaceRefused(gettext("Choose admin, trader, analyst or viewer."), status=422)
    changed = change_role(membership, role=form.cleaned_data["role"], actor=request.user)  # type: ignore[arg-type]
    messages.success(
        request,
        gettext("{display_name} is {lower} now.").format(
            display_name=changed.user.display_name, lower=changed.get_role_display().lower()
        ),
    )
    return redirect("accounts:members")


@needs("members.manage", plan=ALWAYS)
@require_POST
def member_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    membership = get_object_or_404(members_of(request.workspace), uuid=uuid)
    remove_member(membership, actor=request.user)  # type: ignore[arg-type]
    messages.success(
        request,
        gettext("{display_name} is no longer a member.").format(display_name=membership.user.display_name),
    )
    return redirect("accounts:members")


@needs("members.manage")
@require_POST
def invitation_resend(request: HttpRequest, uuid: UUID) -> HttpResponse:
    invitation = get_object_or_404(invitations_of(request.workspace), uuid=uuid)
    invitations.resend(invitation, actor=request.user)  # type: ignore[arg-type]
    messages.success(
        request,
        gettext("A new link is on its way to {email}; the old one no longer works.").format(
            email=invitation.email
        ),
    )
    return redirect("accounts:members")


@needs("members.manage", plan=ALWAYS)
@require_POST
def invitation_revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    invitation = get_object_or_404(invitations_of(request.workspace), uuid=uuid)
    invitations.revoke(invitation, actor=request.user)  # type: ignore[arg-type]
    messages.success(request, gettext("The invitation no longer works."))
    return redirect("accounts:members")


@needs("workspace.view")
@require_GET
def roles(request: HttpRequest) -> HttpResponse:
    """The matrix of rights, as the code has it."""
    groups: dict[str, list[tuple[str, str, list[bool]]]] = {}
    for right, (what, holders) in RIGHTS.items():
        groups.setdefault(right.partition(".")[0], []).append(
            (right, what, [role in holders for role in Role])
        )
    return render(request, "accounts/roles.html", {"roles": list(Role), "groups": groups})
