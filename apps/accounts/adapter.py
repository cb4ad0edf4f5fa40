"""allauth's hooks: a new person gets a workspace in the same transaction."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.services import ensure_personal_workspace
from apps.journal.services import record


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        with transaction.atomic():
            user = super().save_user(request, user, form, commit=commit)
            if commit:
                record(actor=user, workspace=None, action="accounts.user.signed_up", target=user)
                ensure_personal_workspace(user)
        return user
