"""Who I am: name, region, picture."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from apps.accounts.errors import AvatarRefused
from apps.accounts.forms import AvatarForm, ProfileForm
from apps.accounts.models import User
from apps.accounts.needs import SIGNED_IN, needs
from apps.accounts.services import remove_avatar, set_avatar, update_profile


@needs(SIGNED_IN)
def profile(request: HttpRequest) -> HttpResponse:
    is_saving = request.method == "POST"
    with transaction.atomic():
        # the form writes into its instance, which the page must not show; of two who save at once, the second sees
        # what the first has saved
        people = User.objects.select_for_update() if is_saving else User.objects.all()
        user = people.get(pk=request.user.pk)
        form = ProfileForm(request.POST or None, instance=user)
        is_saved = is_saving and form.is_valid()
        if is_saved:
            update_profile(User.objects.get(pk=user.pk), **form.cleaned_data)
    if is_saved:
        messages.success(request, gettext("Profile saved."))
        return redirect("accounts:profile")
    return _page(request, form=form, avatar_form=AvatarForm())


@needs(SIGNED_IN)
@require_POST
def avatar_set(request: HttpRequest) -> HttpResponse:
    form = AvatarForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            set_avatar(request.user, form.cleaned_data["avatar"])
        except AvatarRefused as error:
            form.add_error("avatar", error.message)
        else:
            messages.success(request, gettext("Picture saved."))
            return redirect("accounts:profile")
    return _page(request, form=ProfileForm(instance=request.user), avatar_form=form)


@needs(SIGNED_IN)
@require_POST
def avatar_remove(request: HttpRequest) -> HttpResponse:
    remove_avatar(request.user)
    messages.success(request, gettext("Picture removed."))
    return redirect("accounts:profile")


@needs(SIGNED_IN)
def avatar(request: HttpRequest, uuid: UUID) -> FileResponse:
    """The picture of oneself, or of somebody one shares a workspace with. It is an image of our own making."""
    mine = Q(pk=request.user.pk) | Q(memberships__workspace__memberships__user=request.user)
    seen = User.objects.filter(uuid=uuid).exclude(avatar="")
    person = (seen if request.user.is_staff else seen.filter(mine)).first()
    if person is None:
        raise Http404
    try:
        picture = default_storage.open(person.avatar)
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(picture, content_type="image/webp")
    response["Cache-Control"] = "private, max-age=86400"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _page(request: HttpRequest, *, form: ProfileForm, avatar_form: AvatarForm) -> HttpResponse:
    status = 409 if form.overtaken else 422 if form.errors or avatar_form.errors else 200
    return render(request, "accounts/profile.html", {"form": form, "avatar_form": avatar_form}, status=status)
