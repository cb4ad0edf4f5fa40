"""No table keeps a secret in plain text: a column named like one is encrypted, hashed, or listed here with its reason."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailConfirmation
from allauth.socialaccount import app_settings as allauth_settings
from allauth.socialaccount.models import SocialApp, SocialToken
from django.apps import apps

from apps.core.secrets.fields import EncryptedTextField

NAMED_LIKE_A_SECRET = re.compile(r"secret|token|(^|_)key($|_)|password|passphrase|credential|_pin$|mnemonic")
HASHED = re.compile(r"_(hash|sha256|digest)$")

# column: why it is no secret in plain text
NO_SECRETS = {
    "accounts.user.password": "Django's password hash",
    "accounts.login.session_key": "names the session row; ended with the log-in",
    "accounts.passkey.credential": "the public key; the private one never leaves its device",
    "accounts.passkey.credential_id": "names the key, as browsers send it",
    "account.emailconfirmation.key": "allauth's table for stored confirmations, unused: ours are signed, not stored",
    "socialaccount.socialapp.key": "unused: other sites are set up by the environment",
    "socialaccount.socialapp.secret": "the same",
    "socialaccount.socialtoken.token": "unused: SOCIALACCOUNT_STORE_TOKENS is off",
    "socialaccount.socialtoken.token_secret": "the same",
    "sessions.session.session_key": "the session itself; rows live for days and end at log-out",
    "billing.reservation.key": "names a job",
    "billing.ledgertransaction.key": "tells repeats of a movement of credits",
    "notifications.delivery.charge_key": "names the credits held for it",
    "notifications.notice.key": "tells repeats of what a person is told",
    "signals.signalchain.public_key": "published, to check the signatures of days",
    "trading.discrepancy.key": "tells repeats of a difference",
    "trading.intent.key": "tells repeats of a decision",
    "signals.firing.key": "names the credits held for it and its notices",
    "django_celery_beat.periodictask.routing_key": "a queue's name",
    "djstripe.apikey.secret": "a stand-in for the key, from which no way leads back (tests/billing/stripe/test_secrets.py)",
    "djstripe.event.idempotency_key": "tells repeats of a request; the table is unused",
    "djstripe.price.lookup_key": "names a price",
    "djstripe.webhookendpoint.secret": "refused when it is not empty (the same)",
    "core.apirequest.key_id": "the id of an API key's row",
    "core.idempotentrequest.key": "tells repeats of a request, as its sender named them",
    "signals.alert.dedupe_key": "tells repeats of an alert, as its sender named them",
    "signals.alertsource.token_prefix": "the first letters, to tell addresses apart",
}


def test_every_column_named_like_a_secret_is_guarded():
    plain = {
        f"{model._meta.label_lower}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_fields
        if NAMED_LIKE_A_SECRET.search(field.name)
        and not HASHED.search(field.name)
        and not field.is_relation
        and not isinstance(field, EncryptedTextField)
        and field.get_internal_type() not in {"DateTimeField", "DateField", "BooleanField"}
    }
    unknown = plain - NO_SECRETS.keys()
    assert not unknown, f"encrypt (EncryptedTextField), hash, or list with the reason: {sorted(unknown)}"
    gone = NO_SECRETS.keys() - plain
    assert not gone, f"listed, but there is no such column: {sorted(gone)}"


@pytest.mark.django_db
def test_what_is_listed_as_unused_is_empty_and_switched_off(settings):
    assert not allauth_settings.STORE_TOKENS
    for model in (SocialApp, SocialToken, EmailConfirmation):
        assert not model.objects.exists()


def test_the_pattern_finds_what_it_should():
    for name in (
        "secret",
        "access_token",
        "token_secret",
        "key",
        "api_key",
        "password",
        "credentials",
        "passphrase",
    ):
        assert NAMED_LIKE_A_SECRET.search(name), name
    for name in ("keyboard", "monkey", "name", "keystone"):
        assert not NAMED_LIKE_A_SECRET.search(name), name
