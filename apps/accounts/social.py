"""allauth's hooks for accounts elsewhere: nobody takes over an account by claiming its address."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest
from django.shortcuts import render
from django.utils.translation import get_language, gettext

from apps.accounts.confirm import require_confirmed
from apps.accounts.models import User
from apps.accounts.services import ensure_personal_workspace
from apps.journal.services import record


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let pass who is connected already. Connecting asks who is there; a new account needs an address that the
        provider has confirmed and nobody here has."""
        if sociallogin.state.get("process") == AuthProcess.CONNECT:
            require_confirmed(request)
            return
        if sociallogin.is_existing:
            return
        confirmed = [address.email for address in sociallogin.email_addresses if address.verified]
        if not confirmed:
            self._refuse(request, sociallogin, "unconfirmed")
        if User.objects.filter(email__iexact=confirmed[0]).exists():
            self._refuse(request, sociallogin, "taken")

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> SocialApp:
        """Raises Http404 for a provider that this site is not registered with."""
        try:
            return super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist as error:
            raise Http404(
                gettext("This site does not sign in with {provider}.").format(provider=provider)
            ) from error

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        with transaction.atomic():
            user: User = super().save_user(request, sociallogin, form)
            record(actor=user, workspace=None, action="accounts.user.signed_up", target=user)
            ensure_personal_workspace(user)
        return user

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        names = [data.get("first_name") or "", data.get("last_name") or ""]
        user.language = get_language() or settings.LANGUAGE_CODE  # what the page was read in
        user.name = (data.get("name") or " ".join(filter(None, names)))[:100]
        return user

    def _refuse(self, request: HttpRequest, sociallogin: SocialLogin, why: str) -> None:
        provider = sociallogin.provider.name
        page = render(request, "socialaccount/refused.html", {"why": why, "provider": provider}, status=403)
        raise ImmediateHttpResponse(page)
