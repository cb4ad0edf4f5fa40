"""allauth's hooks: new people get a workspace, guessing is slowed down, no answer tells who has an account."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language

from apps.accounts.errors import TooManyGuesses
from apps.accounts.models import User
from apps.accounts.selectors import DEVICE_COOKIE
from apps.accounts.services import (
    Attempt,
    ask_for_mail,
    check_login_allowed,
    ensure_personal_workspace,
    note_login_failed,
    note_login_ok,
)
from apps.core.client_ip import client_ip
from apps.core.words import spelt
from apps.journal.services import record


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {code: spelt(text) for code, text in DefaultAccountAdapter.error_messages.items()}

    def get_login_stages(self) -> list[str]:
        return [*super().get_login_stages(), "apps.accounts.stages.SecondFactorStage"]

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.language = get_language() or settings.LANGUAGE_CODE  # what the page was read in
        with transaction.atomic():
            user = super().save_user(request, user, form, commit=commit)
            if commit:
                record(actor=user, workspace=None, action="accounts.user.signed_up", target=user)
                ensure_personal_workspace(user)
        return user

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request) or "0.0.0.0"  # noqa: S104  a Unix socket without a proxy: one bucket for all

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Counted before the password is looked at, and given back when it was right."""
        email = credentials.get("email", "")
        try:
            self.attempt: Attempt = check_login_allowed(
                email, ip=client_ip(request), device_token=request.COOKIES.get(DEVICE_COOKIE, "")
            )
        except TooManyGuesses as slowed:
            request.login_slowed = slowed  # type: ignore[attr-defined]  # the view answers 429
            raise ValidationError(slowed.message, code=slowed.code) from None
        user: User | None = super().authenticate(request, **credentials)
        if user:
            note_login_ok(self.attempt)
        else:
            note_login_failed(self.attempt)
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """allauth's own limit would let anybody lock out anybody; `authenticate` counts instead."""

    def _rollback_login_failed_rl_usage(self) -> None:
        """Nothing was counted by allauth."""

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """Whoever knew the password is told why the account is closed."""
        return render(request, "account/account_inactive.html", {"closed": user}, status=403)

    def get_email_confirmation_url(self, request: HttpRequest | None, emailconfirmation: Any) -> str:
        """Below the site's own address, whatever host the request named; a worker has no request."""
        return settings.SITE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _, token = key.partition("-")
        return settings.SITE_URL + reverse("account_reset_password_from_key", args=[uid, token])

    def send_confirmation_mail(
        self, request: HttpRequest | None, emailconfirmation: Any, signup: bool
    ) -> None:
        """Asked for in a request, sent by the worker: a slow or lost mail server holds up nobody, and no time tells."""
        if request is None:
            super().send_confirmation_mail(request, emailconfirmation, signup)
            return
        address = emailconfirmation.email_address
        ask_for_mail("sign-up" if signup else "confirmation", to=address.email, about=address.pk)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sent at once: only the worker comes here, for a stored request."""
        context = {"email": email, "site_url": settings.SITE_URL, **context}
        self.render_mail(template_prefix, email, context).send()
