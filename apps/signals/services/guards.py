"""What a source asks of its senders beside the token, and how it reads plain text."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User
from apps.core.client_ip import parse_network
from apps.core.standard_webhooks import new_secret
from apps.journal.services import record
from apps.signals import passphrases
from apps.signals.choices import SourceKind
from apps.signals.errors import SourceRefused
from apps.signals.models import AlertSource
from apps.signals.rules import AlertContent, read_alert
from apps.signals.services.sources import DEFAULT_OVERLAP
from apps.signals.text_templates import compile_template

# where TradingView says that its webhooks come from
TRADINGVIEW_ADDRESSES = ("52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7")
MOST_NETWORKS = 50
MOST_KEYS = 4


@transaction.atomic
def set_allowed_networks(source: AlertSource, networks: Iterable[str], *, actor: User) -> AlertSource:
    """Take alerts from these addresses and networks only; none: from anywhere. Raises `SourceRefused`."""
    try:
        chosen = list(dict.fromkeys(str(parse_network(text)) for text in networks if text.strip()))
    except ValueError as error:
        raise SourceRefused(f"{error}.", field="allowed_networks") from error
    if len(chosen) > MOST_NETWORKS:
        raise SourceRefused(
            gettext("The list has more than {most_networks} entries.").format(most_networks=MOST_NETWORKS),
            field="allowed_networks",
        )
    return _change(source, "allowed_networks", [_short(text) for text in chosen], actor=actor)


@transaction.atomic
def set_passphrase(source: AlertSource, passphrase: str, *, actor: User) -> AlertSource:
    """Want this in every body; empty: none. Raises `SourceRefused` for one that would not look the same everywhere."""
    if passphrase and not passphrases.FORM.fullmatch(passphrase):
        raise SourceRefused(
            gettext(
                "A passphrase has 8 to 100 letters, digits and signs, without spaces, quotes and backslashes."
            ),
            field="passphrase",
        )
    locked = _locked(source)
    if not passphrase and not locked.passphrase:
        return source
    source.passphrase = passphrase
    source.save(update_fields=["passphrase", "updated_at"])
    _record(source, "passphrase_set" if passphrase else "passphrase_removed", actor)
    return source


@transaction.atomic
def new_signing_key(source: AlertSource, *, actor: User, overlap: timedelta = DEFAULT_OVERLAP) -> str:
    """A key that alerts must be signed with from now on, told this once; those before count for `overlap` longer.

    Raises `SourceRefused` for mail, which cannot be signed so.
    """
    if source.kind == SourceKind.EMAIL:
        raise SourceRefused(
            gettext("Mail cannot be signed this way. A passphrase can be asked for."), field="kind"
        )
    key, now = new_secret(), timezone.now()
    kept = [
        {"key": old["key"], "until": _earlier(old["until"], now + overlap)}
        for old in _keys(_locked(source))
        if old["until"] is None or datetime.fromisoformat(old["until"]) > now
    ]
    keys = [{"key": key, "until": None}, *(kept if overlap else [])][:MOST_KEYS]
    source.signing_keys = json.dumps(keys)
    source.save(update_fields=["signing_keys", "updated_at"])
    _record(source, "signing_key_made", actor, {"keys_in_force": len(keys)})
    return key


@transaction.atomic
def drop_signing_keys(source: AlertSource, *, actor: User) -> AlertSource:
    """Want no signatures any more."""
    if _locked(source).signing_keys:
        source.signing_keys = ""
        source.save(update_fields=["signing_keys", "updated_at"])
        _record(source, "signing_keys_removed", actor)
    return source


@transaction.atomic
def set_template(source: AlertSource, template: str, *, actor: User) -> AlertSource:
    """How alerts that are no JSON are read; empty: not at all. Raises `SourceRefused`."""
    template = template.strip()
    compile_template(template)
    return _change(source, "template", template, actor=actor)


def try_template(template: str, text: str) -> AlertContent:
    """What an alert would say by this template. Raises `SourceRefused` or `AlertRefused`; changes nothing."""
    lines = compile_template(template.strip())
    return read_alert(text.encode(), received_at=timezone.now(), template=lines)


def signing_keys_in_force(source: AlertSource) -> list[datetime | None]:
    """Until when each key counts, the newest first; None has no end."""
    now = timezone.now()
    ends = [datetime.fromisoformat(key["until"]) if key["until"] else None for key in _keys(source)]
    return [end for end in ends if end is None or end > now]


def _change(source: AlertSource, field: str, value: Any, *, actor: User) -> AlertSource:
    before = getattr(_locked(source), field)
    setattr(source, field, value)
    if before != value:
        source.save(update_fields=[field, "updated_at"])
        _record(source, f"{field}_changed", actor, {field: [before, value]})
    return source


def _locked(source: AlertSource) -> AlertSource:
    return AlertSource.objects.select_for_update().get(pk=source.pk)


def _keys(source: AlertSource) -> list[dict[str, Any]]:
    held: Any = source.signing_keys
    return list(json.loads(held.reveal())) if held else []


def _earlier(until: str | None, end: datetime) -> str:
    return end.isoformat() if until is None else min(datetime.fromisoformat(until), end).isoformat()


def _short(network: str) -> str:
    """One address without the mask that makes a network of it."""
    suffix = "/128" if ":" in network else "/32"
    return network.removesuffix(suffix)


def _record(source: AlertSource, verb: str, actor: User, changes: dict[str, Any] | None = None) -> None:
    record(
        actor=actor,
        workspace=source.workspace,
        action=f"signals.source.{verb}",
        target=source,
        changes=changes or {},
    )
