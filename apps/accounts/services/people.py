"""Writes of people: profile, preferences, password and address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.accounts.choices import EndReason
from apps.accounts.models import Login, Preferences, User
from apps.accounts.services.logins import end_logins
from apps.journal.services import record

PROFILE = ("name", "language", "timezone", "locale", "base_currency")
PREFERENCES = (
    "theme", "rising", "numbers", "dates", "cash", "fee_percent", "slippage_bps", "fill",
    "mail_new_device", "mail_keys", "mail_workspaces",
)  # fmt: skip


@transaction.atomic
def update_profile(user: User, *, actor: User | None = None, **values: str) -> User:
    """Change what is named of PROFILE; values are checked by the form."""
    changes = _apply(user, {name: values[name] for name in PROFILE if name in values})
    if changes:
        user.save(update_fields=[*changes, "updated_at"])
        record(
            actor=actor or user,
            workspace=None,
            action="accounts.profile.changed",
            target=user,
            changes={field: change for field, change in changes.items() if field != "name"},
            personal={field: change for field, change in changes.items() if field == "name"},
        )
    return user


@transaction.atomic
def update_preferences(user: User, values: Mapping[str, Any]) -> Preferences:
    """Change the preferences named in `values`. Raises ValidationError, by field, for a value out of its range."""
    Preferences.objects.get_or_create(user=user)
    preferences = Preferences.objects.select_for_update().get(user=user)
    changes = _apply(preferences, {name: values[name] for name in PREFERENCES if name in values})
    if changes:
        preferences.clean_fields()
        preferences.save(update_fields=[*changes, "updated_at"])
        record(
            actor=user, workspace=None, action="accounts.preferences.changed", target=user, changes=changes
        )
    user.preferences = preferences
    return preferences


@transaction.atomic
def note_password_changed(user: User, *, login: Login | None) -> None:
    """Journal that the password changed and end every log-in but the one it was changed in."""
    record(actor=user, workspace=None, action="accounts.password.changed", target=user)
    end_logins(user, reason=EndReason.PASSWORD, actor=user, but=login.pk if login else None)


@transaction.atomic
def note_email_changed(user: User, *, before: str, after: str) -> None:
    """Journal that the address by which the person signs in changed."""
    record(
        actor=user, workspace=None, action="accounts.email.changed", target=user,
        personal={"email": [before, after]},
    )  # fmt: skip


@transaction.atomic
def note_social_account(user: User, *, provider: str, is_connected: bool) -> None:
    """Journal that an account elsewhere signs the person in from now on, or no longer does."""
    action = "accounts.social.connected" if is_connected else "accounts.social.disconnected"
    record(actor=user, workspace=None, action=action, target=user, changes={"provider": provider})


def _apply(row: User | Preferences, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set what differs; {field: [before, after]}."""
    changes = {}
    for field, value in values.items():
        before = getattr(row, field)
        if before != value:
            changes[field] = [before, value]
            setattr(row, field, value)
    return changes
