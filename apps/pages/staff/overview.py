"""The admin's first page: what is wrong, and the last thirty days of the platform."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from apps.billing.rules.money import decimals, money
from apps.core.manner import written
from apps.core.words import gettext_lazy

DAYS = 30
KEPT_S = 60  # how long what was counted is shown again
# One statement: counts of each day. Money comes by currency, in minor units.
DAILY = """
SELECT 'signups', date_trunc('day', created_at AT TIME ZONE 'UTC')::date, count(*), ''
FROM accounts_user WHERE created_at >= %(since)s GROUP BY 2
UNION ALL
SELECT 'backtests', date_trunc('day', created_at AT TIME ZONE 'UTC')::date, count(*), ''
FROM backtests_backtest WHERE created_at >= %(since)s GROUP BY 2
UNION ALL
SELECT 'signals', date_trunc('day', received_at AT TIME ZONE 'UTC')::date, count(*), ''
FROM signals_signal WHERE received_at >= %(since)s GROUP BY 2
UNION ALL
SELECT CASE WHEN status = 'failed' THEN 'undelivered' ELSE 'deliveries' END,
       date_trunc('day', created_at AT TIME ZONE 'UTC')::date, count(*), ''
FROM notifications_delivery WHERE created_at >= %(since)s GROUP BY 1, 2
UNION ALL
SELECT 'revenue', date_trunc('day', paid_at AT TIME ZONE 'UTC')::date, sum(amount - refunded), currency
FROM billing_payment WHERE paid_at >= %(since)s AND status = 'succeeded' GROUP BY 2, 4
"""
WRONG = """
SELECT
    (SELECT count(*) FROM trading_killswitch WHERE scope = 'platform' AND lifted_at IS NULL),
    (SELECT count(*) FROM trading_discrepancy WHERE resolved_at IS NULL),
    (SELECT count(*) FROM billing_difference WHERE closed_at IS NULL),
    (SELECT count(*) FROM journal_retry WHERE parked_at IS NOT NULL),
    (SELECT count(*) FROM backtests_backtest WHERE status = 'failed' AND finished_at >= %(day)s),
    (SELECT count(*) FROM notifications_delivery WHERE status = 'failed' AND created_at >= %(day)s),
    (SELECT count(*) FROM signals_alert WHERE status = 'failed' AND received_at >= %(day)s)
"""
# seen on both grounds
COLOURS = {"plain": "#d08a1e", "bad": "#d9531e", "second": "#6f7c9e", "third": "#178f83"}


@dataclass(frozen=True)
class Series:
    """`permission` is what a member of staff needs to see it. `rows` are names in DAILY, with label and colour."""

    title: str
    permission: str
    rows: tuple[tuple[str, str, str], ...]


SHOWN = (
    Series(gettext_lazy("Sign-ups"), "accounts.view_user", (("signups", gettext_lazy("People"), "plain"),)),
    Series(
        gettext_lazy("Backtests"),
        "backtests.view_backtest",
        (("backtests", gettext_lazy("Asked"), "second"),),
    ),
    Series(gettext_lazy("Signals"), "signals.view_signal", (("signals", gettext_lazy("Signals"), "third"),)),
    Series(
        gettext_lazy("Deliveries"),
        "notifications.view_delivery",
        (
            ("deliveries", gettext_lazy("Sent or waiting"), "second"),
            ("undelivered", gettext_lazy("Failed"), "bad"),
        ),
    ),
)


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the first page shows beside the tables."""
    found: dict[str, Any] | None = cache.get("staff-overview")
    if found is None:
        found = _count()
        cache.set("staff-overview", found, KEPT_S)
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
    user: Any = request.user
    charts = [_chart(series, found["daily"], days) for series in SHOWN if user.has_perm(series.permission)]
    if user.has_perm("billing.view_payment"):
        charts += [_revenue(currency, found["daily"], days) for currency in found["currencies"]]
    return context | {
        "wrong": _wrong(found["wrong"]),
        "charts": charts,
        "chart_options": json.dumps(OPTIONS),
        "counted_at": found["at"],
    }


OPTIONS = {
    "animation": False,
    "maintainAspectRatio": False,
    "plugins": {"legend": {"display": False}},
    "scales": {
        "x": {
            "stacked": True,
            "grid": {"display": False},
            "ticks": {"maxTicksLimit": 6, "maxRotation": 0, "color": "#787f92"},
        },
        "y": {
            "stacked": True,
            "beginAtZero": True,
            "ticks": {"precision": 0, "maxTicksLimit": 4, "color": "#787f92"},
        },
    },
}


def _count() -> dict[str, Any]:
    now = datetime.now(UTC)
    since = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1)
    with connection.cursor() as cursor:
        cursor.execute(DAILY, {"since": since})
        rows = cursor.fetchall()
        cursor.execute(WRONG, {"day": now - timedelta(days=1)})
        wrong = cursor.fetchone()
    daily = {(f"{name} {currency}".strip(), day): int(number) for name, day, number, currency in rows}
    return {"daily": daily, "wrong": wrong, "currencies": sorted({row[3] for row in rows} - {""}), "at": now}


def _wrong(numbers: tuple[int, ...]) -> list[dict[str, str]]:
    """What asks for somebody, the worst first; nothing where all is well."""
    lines = [
        (
            gettext("The platform is stopped by a switch"),
            "admin:trading_killswitch_changelist",
            "?lifted_at__isempty=1",
        ),
        (
            gettext("Differences between exchange and books"),
            "admin:trading_discrepancy_changelist",
            "?resolved_at__isempty=1",
        ),
        (
            gettext("Differences between gateways, payments and invoices"),
            "admin:billing_difference_changelist",
            "?closed_at__isempty=1",
        ),
        (
            gettext("Entries that a consumer of the journal gave up"),
            "admin:journal_retry_changelist",
            "?parked_at__isempty=0",
        ),
        (
            gettext("Backtests that failed in the last day"),
            "admin:backtests_backtest_changelist",
            "?status__exact=failed",
        ),
        (
            gettext("Messages that failed in the last day"),
            "admin:notifications_delivery_changelist",
            "?status__exact=failed",
        ),
        (
            gettext("Alerts whose processing failed in the last day"),
            "admin:signals_refusedalert_changelist",
            "?status__exact=failed",
        ),
    ]
    return [
        {"words": words, "count": f"{number:,}", "link": reverse(page) + query}
        for number, (words, page, query) in zip(numbers, lines, strict=True)
        if number
    ]


def _chart(series: Series, daily: dict[tuple[str, date], int], days: list[date]) -> dict[str, str]:
    sets = [
        {
            "label": label,
            "data": [daily.get((name, day), 0) for day in days],
            "backgroundColor": COLOURS[colour],
            "borderRadius": 2,
        }
        for name, label, colour in series.rows
    ]
    total = sum(daily.get((name, day), 0) for name, _, _ in series.rows for day in days)
    bad = sum(daily.get((name, day), 0) for name, _, colour in series.rows if colour == "bad" for day in days)
    return {
        "title": series.title,
        "total": f"{total:,}",
        "note": gettext("{bad:,} failed").format(bad=written(bad)) if bad else "",
        "data": _data(days, sets),
    }


def _revenue(currency: str, daily: dict[tuple[str, date], int], days: list[date]) -> dict[str, str]:
    amounts = [daily.get((f"revenue {currency}", day), 0) for day in days]
    sets = [
        {
            "label": currency,
            "data": [amount / 10 ** decimals(currency) for amount in amounts],
            "backgroundColor": COLOURS["third"],
            "borderRadius": 2,
        }
    ]
    return {
        "title": gettext("Revenue, {currency}").format(currency=currency),
        "total": money(sum(amounts), currency),
        "note": gettext("refunds taken off"),
        "data": _data(days, sets),
    }


def _data(days: list[date], sets: list[dict[str, Any]]) -> str:
    return json.dumps({"labels": [f"{day:%b} {day.day}" for day in days], "datasets": sets}, default=str)
