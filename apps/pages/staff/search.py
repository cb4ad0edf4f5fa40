"""Search of the admin: everything by its id, a person's address, a hash, a number or the beginning of a name."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from unfold.dataclasses import SearchResult

LIMIT = 5  # of a kind
# By table: columns that begin with a hash or a code, and columns whose beginning is a name.
KINDS: dict[str, tuple[list[str], list[str]]] = {
    "accounts.User": ([], ["email", "name"]),
    "accounts.Workspace": (["slug"], ["name"]),
    "accounts.ApiKey": (["prefix"], ["name"]),
    "formulas.Formula": ([], ["name"]),
    "formulas.FormulaVersion": (["content_hash"], []),
    "backtests.Backtest": (["result_hash", "result_sha256", "formula_hash", "identity"], ["formula_name"]),
    "backtests.Sweep": (["identity"], ["formula_name"]),
    "backtests.WalkForward": (["identity"], ["formula_name"]),
    "backtests.PortfolioRun": (["identity"], ["name"]),
    "markets.Instrument": ([], ["symbol", "name"]),
    "markets.BarSet": (["content_hash"], []),
    "markets.Feed": ([], []),
    "bots.Bot": ([], ["name"]),
    "bots.Cohort": (["formula_hash"], []),
    "signals.AlertSource": (["token_prefix"], ["name"]),
    "signals.Alert": ([], []),
    "signals.Signal": ([], []),
    "signals.UtBot": ([], ["name"]),
    "trading.TradingAccount": ([], ["name"]),
    "trading.KillSwitch": ([], []),
    "notifications.Notice": ([], []),
    "notifications.Delivery": (["provider_id"], []),
    "notifications.Contact": ([], ["label"]),
    "billing.Payment": (["external_id"], []),
    "billing.Invoice": (["number"], []),
    "journal.Entry": (["content_hash", "request_id"], []),
}
_HASH = re.compile(r"[0-9a-f]{8,64}")


def search(request: HttpRequest, words: str) -> list[SearchResult]:
    """At most LIMIT of each kind, one query a kind; kinds that the member of staff may not see are left out."""
    words = words.strip().replace("\x00", "")[:200]
    return [found for label, columns in KINDS.items() for found in _of_kind(request, label, columns, words)]


def _of_kind(
    request: HttpRequest, label: str, columns: tuple[list[str], list[str]], words: str
) -> list[SearchResult]:
    model: Any = apps.get_model(label)
    table = admin.site._registry.get(model)
    asked = _asked(model, *columns, words)
    if table is None or asked is None or not table.has_view_permission(request):
        return []
    rows = table.get_queryset(request).filter(asked).order_by("-pk")[:LIMIT]
    return [
        SearchResult(
            title=str(row),
            description=capfirst(str(model._meta.verbose_name)),
            link=reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk]),
            icon="arrow-right",
        )
        for row in rows
    ]


def _asked(model: Any, codes: list[str], names: list[str], words: str) -> Q | None:
    """What the words can mean for this table; None for nothing."""
    try:
        uuid = UUID(words)
    except ValueError:
        uuid = None
    if uuid is not None:
        has_one = any(field.name == "uuid" for field in model._meta.fields)
        return Q(uuid=uuid) if has_one else None
    found = Q()
    if words.isdigit() and len(words) < 19:
        found |= Q(pk=int(words))
    if _HASH.fullmatch(words) or not words.isalpha():
        for column in codes:
            found |= Q(**{f"{column}__startswith": words})
    if len(words) > 1:
        for column in names:
            found |= Q(**{f"{column}__istartswith": words})
    return found if found else None
