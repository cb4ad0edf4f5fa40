"""Sources of alerts and their secret addresses."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.core.jobs import enqueue_on_commit
from apps.journal.services import record
from apps.signals.choices import OFFERED, SourceKind
from apps.signals.errors import SourceInactive, SourceRefused
from apps.signals.messages import sample_alert
from apps.signals.models import AlertSource
from apps.signals.statements import INSERT_ALERTS, alert_row, batch_of
from apps.signals.text_templates import compile_template
from apps.signals.tokens import PREFIX_LENGTH, hash_token, new_token

DEFAULT_OVERLAP = timedelta(hours=24)


def webhook_url(token: str) -> str:
    """The address to paste into TradingView's "Webhook URL"."""
    return f"{settings.SITE_URL}/hooks/tradingview/{token}/"


def address_of(kind: str, token: str) -> str:
    """Where alerts of a source of that kind go; that of a program is the same for all, its token is in a header."""
    if kind == SourceKind.EMAIL:
        return f"{token}@{settings.ALERT_MAIL_DOMAIN}"
    return f"{settings.SITE_URL}/hooks/alerts/" if kind == SourceKind.REST else webhook_url(token)


@transaction.atomic
def create_source(
    workspace: Workspace, *, name: str, actor: User, kind: str = SourceKind.TRADINGVIEW
) -> tuple[AlertSource, str]:
    """A new source and its token, which is shown this once and kept only as a hash.

    Raises `SourceRefused` for one by e-mail where the installation takes no mail.
    """
    if kind not in OFFERED:
        raise SourceRefused(gettext("The source of the workspace's bots is made by itself."), field="kind")
    if kind == SourceKind.EMAIL and not settings.ALERT_MAIL_DOMAIN:
        raise SourceRefused(
            gettext("This installation takes no mail: ALERT_MAIL_DOMAIN is not set."), field="kind"
        )
    token = new_token(for_mail=kind == SourceKind.EMAIL)
    source = AlertSource.objects.create(
        workspace=workspace,
        name=name,
        kind=kind,
        token_hash=hash_token(token),
        token_prefix=token[:PREFIX_LENGTH],
    )
    record(
        actor=actor,
        workspace=workspace,
        action="signals.source.created",
        target=source,
        changes={"name": name, "kind": kind, "token_prefix": source.token_prefix},
    )
    return source, token


@transaction.atomic
def rotate_token(source: AlertSource, *, actor: User, overlap: timedelta = DEFAULT_OVERLAP) -> str:
    """A new token. The present one works for `overlap` longer, one replaced before it ends at once."""
    locked = AlertSource.objects.select_for_update().get(pk=source.pk)
    if locked.kind not in OFFERED:
        raise SourceRefused(gettext("Nothing is posted to the source of the workspace's bots."))
    token = new_token(for_mail=locked.kind == SourceKind.EMAIL)
    before = locked.token_prefix
    source.previous_token_hash = locked.token_hash
    source.previous_token_expires_at = timezone.now() + overlap
    source.token_hash = hash_token(token)
    source.token_prefix = token[:PREFIX_LENGTH]
    source.save(
        update_fields=[
            "previous_token_hash",
            "previous_token_expires_at",
            "token_hash",
            "token_prefix",
            "updated_at",
        ]
    )
    record(
        actor=actor,
        workspace=source.workspace,
        action="signals.source.token_rotated",
        target=source,
        changes={
            "token_prefix": [before, source.token_prefix],
            "previous_expires_at": source.previous_token_expires_at.isoformat(),
        },
    )
    return token


@transaction.atomic
def rename_source(source: AlertSource, *, name: str, actor: User) -> AlertSource:
    before = source.name
    if before != name:
        source.name = name
        source.save(update_fields=["name", "updated_at"])
        record(
            actor=actor,
            workspace=source.workspace,
            action="signals.source.renamed",
            target=source,
            changes={"name": [before, name]},
        )
    return source


@transaction.atomic
def set_source_active(source: AlertSource, *, active: bool, actor: User) -> AlertSource:
    """Switch a source on or off; the intake notices within its cache time of two seconds."""
    changed = AlertSource.objects.filter(pk=source.pk, is_active=not active).update(
        is_active=active, updated_at=timezone.now()
    )
    if changed:
        verb = "activated" if active else "deactivated"
        record(actor=actor, workspace=source.workspace, action=f"signals.source.{verb}", target=source)
    source.is_active = active
    return source


@transaction.atomic
def set_rate_limit(source: AlertSource, *, alerts_per_minute: int, actor: User) -> AlertSource:
    """How many alerts one intake process takes from the source in a minute; set by staff."""
    before = AlertSource.objects.values_list("alerts_per_minute", flat=True).get(pk=source.pk)
    source.alerts_per_minute = alerts_per_minute
    if before != alerts_per_minute:
        source.save(update_fields=["alerts_per_minute", "updated_at"])
        record(
            actor=actor,
            workspace=source.workspace,
            action="signals.source.limit_changed",
            target=source,
            changes={"alerts_per_minute": [before, alerts_per_minute]},
        )
    return source


@transaction.atomic
def send_test_alert(source: AlertSource, *, actor: User, body: bytes | None = None) -> UUID:
    """Store a sample alert (or `body`) with the intake's own statement; it becomes a signal marked as a test.

    Raises `SourceInactive`, as the intake would refuse it too.
    """
    if not source.is_active:
        raise SourceInactive(gettext("This source is switched off. Switch it on to test it."))
    now = timezone.now()
    row, refusal = alert_row(
        source.pk,
        body or sample_alert(source, now=now),
        received_at=now,
        headers={"content-type": "application/json", "user-agent": gettext("Candlewright test button")},
        remote_ip=None,
        is_test=True,
        template=compile_template(source.template),
    )
    if refusal is not None:
        raise refusal
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ALERTS, [batch_of([row])])
    record(actor=actor, workspace=source.workspace, action="signals.source.tested", target=source)
    enqueue_on_commit("signals.sweep_alerts")
    return row.uuid
