"""Calendar of meters; `capabilities` has what plans may hold. No database here."""

from __future__ import annotations

from datetime import date, timedelta

from apps.billing.choices import Period

EPOCH = date(1970, 1, 1)


def period_start(period: str, today: date) -> date:
    """First day (UTC) of the period that holds `today`."""
    if period == Period.DAY:
        return today
    if period == Period.MONTH:
        return today.replace(day=1)
    return EPOCH


def next_reset(period: str, today: date) -> date | None:
    """Day (UTC) on which the meter starts again at zero; None for meters that never do."""
    if period == Period.DAY:
        return today + timedelta(days=1)
    if period == Period.MONTH:
        return (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return None
