"""The settings' first page: who I am."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.forms import ProfileForm
from apps.accounts.needs import SIGNED_IN, needs
from apps.accounts.services import update_profile


@needs(SIGNED_IN)
def profile(request: HttpRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        user = type(request.user).objects.get(pk=request.user.pk)
        update_profile(user, name=form.cleaned_data["name"], timezone=form.cleaned_data["timezone"])
        messages.success(request, "Profile saved.")
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form})
