"""What follows from Django's and allauth's news: log-ins are noted, addresses and passwords journalled."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as allauth_signals
from allauth.account.models import EmailAddress
from allauth.socialaccount import signals as social_signals
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from apps.accounts.choices import EndReason
from apps.accounts.models import User
from apps.accounts.second_factor import note_log_in
from apps.accounts.selectors import current_login
from apps.accounts.services import (
    bind_session,
    end_login,
    note_email_changed,
    note_password_changed,
    note_social_account,
    open_login,
)


@receiver(user_logged_in)
def logged_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    bind_session(request, open_login(request, user))
    note_log_in(request, user)


@receiver(user_logged_out)
def logged_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    login = current_login(request) if user else None
    if login:
        end_login(login, reason=EndReason.SIGNED_OUT, actor=user)


@receiver([allauth_signals.password_changed, allauth_signals.password_set, allauth_signals.password_reset])
def password_changed(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    note_password_changed(user, login=current_login(request))


@receiver(allauth_signals.email_changed)
def email_changed(
    sender: Any,
    request: HttpRequest,
    user: User,
    from_email_address: EmailAddress | None,
    to_email_address: EmailAddress,
    **kwargs: Any,
) -> None:
    before = from_email_address.email if from_email_address else ""
    note_email_changed(user, before=before, after=to_email_address.email)


@receiver(social_signals.social_account_added)
def social_account_added(sender: Any, request: HttpRequest, sociallogin: SocialLogin, **kwargs: Any) -> None:
    note_social_account(sociallogin.user, provider=sociallogin.provider.name, is_connected=True)


@receiver(social_signals.social_account_removed)
def social_account_removed(
    sender: Any, request: HttpRequest, socialaccount: SocialAccount, **kwargs: Any
) -> None:
    note_social_account(socialaccount.user, provider=socialaccount.get_provider().name, is_connected=False)
