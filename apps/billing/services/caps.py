"""Caps that a workspace sets itself, and telling its owner how near a meter is to its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.billing.choices import Period
from apps.billing.errors import BillingRefused
from apps.billing.events import LIMIT_NEAR
from apps.billing.models import CapNotice, MeterCap
from apps.billing.rules import EPOCH, next_reset, period_start
from apps.billing.rules.capabilities import CREDITS_METER, amount_of, meter_named
from apps.billing.selectors import capped_meters
from apps.core.manner import day_words, written
from apps.journal.services import record
from apps.notifications.services import NewNotice, queue_notices

PAGE = "/settings/workspace/usage/"
PERCENTS = (50, 80, 100)
LARGEST = 2_000_000_000


@transaction.atomic
def set_cap(
    workspace: Workspace, meter: str, *, soft: int | None, hard: int | None, actor: User
) -> MeterCap | None:
    """Cap a meter per period: at `soft` the owner is told, at `hard` it stops. Neither takes the cap away.

    A hard cap stops what costs: new backtests, new bots, messages paid from credits. Bots go on closing positions,
    and people taking orders back. Raises BillingRefused.
    """
    if meter not in capped_meters(workspace):
        raise BillingRefused(
            gettext("There is no meter {meter!r} to cap.").format(meter=meter[:60]), field="meter", status=404
        )
    for name, value in (("soft", soft), ("hard", hard)):
        if value is not None and not 0 <= value <= LARGEST:
            raise BillingRefused(
                gettext("A cap is a whole number from 0 to {largest:,}.").format(largest=written(LARGEST)),
                field=name,
                status=422,
            )
    if soft is not None and hard is not None and soft > hard:
        raise BillingRefused(
            gettext(
                "You would be told at {soft:,}, after it stopped at {hard:,}: make the first the smaller."
            ).format(soft=written(soft), hard=written(hard)),
            field="soft",
            status=422,
        )
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    before = MeterCap.objects.filter(workspace=workspace, meter=meter).first()
    old = [before.soft, before.hard] if before else [None, None]
    if old == [soft, hard]:
        return before
    cap = None
    if soft is None and hard is None:
        MeterCap.objects.filter(workspace=workspace, meter=meter).delete()
    else:
        cap, _ = MeterCap.objects.update_or_create(
            workspace=workspace, meter=meter, defaults={"soft": soft, "hard": hard}
        )
    CapNotice.objects.filter(workspace=workspace, meter=meter).delete()  # other marks: tell of them anew
    record(
        actor=actor,
        workspace=workspace,
        action="billing.cap.changed",
        target=workspace,
        changes={"meter": meter, "soft": [old[0], soft], "hard": [old[1], hard]},
    )
    return cap


@dataclass(frozen=True)
class Near:
    """Use of a meter in its present period worth telling. `end` is where it stops: the least of plan and cap."""

    workspace_id: int
    meter: str
    start: date
    period: str
    used: int
    amount: int | None
    soft: int | None
    hard: int | None

    @property
    def end(self) -> int | None:
        return min((one for one in (self.amount, self.hard) if one is not None), default=None)

    @property
    def levels(self) -> list[str]:
        """What is reached, the most pressing last."""
        reached = ["soft"] if self.soft is not None and self.used >= self.soft else []
        if self.end is not None:
            reached += [str(mark) for mark in PERCENTS if self.used * 100 >= self.end * mark]
        return reached


# Uses of meters of months, and of any that is capped; then credits, of which a month's spending alone is capped.
NEAR = """
SELECT u.workspace_id, u.meter, u.period_start, l.period, u.used + u.reserved, l.amount, c.soft, c.hard
FROM billing_meterusage AS u
JOIN accounts_workspace AS w ON w.id = u.workspace_id
JOIN billing_plan AS p ON p.code = w.plan_code
    AND CASE WHEN w.plan_version IS NULL THEN p.is_current ELSE p.version = w.plan_version END
JOIN billing_planlimit AS l ON l.plan_id = p.id AND l.meter = u.meter
LEFT JOIN billing_metercap AS c ON c.workspace_id = u.workspace_id AND c.meter = u.meter
WHERE u.period_start = CASE l.period WHEN 'day' THEN %(day)s WHEN 'month' THEN %(month)s ELSE %(epoch)s END
    AND (l.period = 'month' OR c.id IS NOT NULL)
    AND ((u.used + u.reserved)::bigint * 2 >= least(l.amount, c.hard) OR u.used + u.reserved >= c.soft)
UNION ALL
SELECT c.workspace_id, c.meter, %(month)s, 'month', s.spent, NULL, c.soft, c.hard
FROM billing_metercap AS c
CROSS JOIN LATERAL (
    SELECT greatest(0, -coalesce(sum(t.change), 0))::bigint AS spent FROM billing_ledgertransaction AS t
    WHERE t.workspace_id = c.workspace_id AND t.created_at >= %(since)s
        AND t.kind IN ('hold', 'settle', 'release', 'refund')
) AS s
WHERE c.meter = 'credits' AND s.spent > 0 AND (s.spent * 2 >= c.hard OR s.spent >= c.soft)
"""


def tell_of_limits(now: datetime | None = None) -> int:
    """Tell owners what has come to 50, 80 or 100 % of its end, or to the soft cap: each once a period.

    Of several marks passed at once the most pressing is told. Returns how many were told.
    """
    now = now or timezone.now()
    rows = list(_near(now))
    if not rows:
        return 0
    told = set(
        CapNotice.objects.filter(
            workspace_id__in={row.workspace_id for row in rows}, period_start__in={row.start for row in rows}
        ).values_list("workspace_id", "meter", "period_start", "level")
    )
    owners = {one.pk: one for one in Workspace.objects.filter(pk__in={row.workspace_id for row in rows})}
    notices, marks = [], []
    for row in rows:
        new = [one for one in row.levels if (row.workspace_id, row.meter, row.start, one) not in told]
        if not new:
            continue
        marks += [
            CapNotice(
                workspace_id=row.workspace_id, meter=row.meter, period_start=row.start, level=one, sent_at=now
            )
            for one in new
        ]
        if new[-1] == row.levels[-1]:  # a smaller mark below one that was told is no news
            notices.append(_notice(owners[row.workspace_id], row, new[-1], now))
    with transaction.atomic():
        CapNotice.objects.bulk_create(marks, ignore_conflicts=True)
        return queue_notices(notices, now=now)


def _near(now: datetime) -> Iterable[Near]:
    today = now.astimezone(UTC).date()
    month = period_start(Period.MONTH, today)
    values: dict[str, Any] = {
        "day": today,
        "month": month,
        "epoch": EPOCH,
        "since": datetime(month.year, month.month, 1, tzinfo=UTC),
    }
    with connection.cursor() as cursor:
        cursor.execute(NEAR, values)
        return [Near(*row) for row in cursor.fetchall()]


def _notice(workspace: Workspace, row: Near, level: str, now: datetime) -> NewNotice:
    return NewNotice(
        person_id=workspace.owner_id,
        workspace_id=workspace.pk,
        event=LIMIT_NEAR.name,
        key=f"limit:{workspace.uuid}:{row.meter}:{row.start}:{level}:{row.end}:{row.soft}",
        data=lambda: _said(workspace, row, level, now),
    )


def _said(workspace: Workspace, row: Near, level: str, now: datetime) -> dict[str, Any]:
    words = meter_named(row.meter).words
    resets = next_reset(row.period, now.astimezone(UTC).date())
    stops = row.end is not None and row.used >= row.end
    by_cap = row.hard is not None and row.hard == row.end
    if level == "soft":
        title = gettext("{words}: {meter} reached").format(
            words=words, meter=amount_of(row.meter, row.soft or 0)
        )
        text = gettext("Your workspace asked to be told at this amount. Nothing stops.")
    elif stops:
        title = gettext("{words}: all used").format(words=words)
        text = (
            gettext("{meter} are the cap that your workspace set itself.")
            if by_cap
            else gettext("{meter} are what the plan gives.")
        ).format(meter=amount_of(row.meter, row.end or 0))
        if resets:
            day = day_words(resets, year=False)
            text += " " + gettext("What would need more is refused until {day}.").format(day=day)
        else:
            text += " " + gettext("What would need more is refused.")
        if row.meter == CREDITS_METER or by_cap:
            text += " " + gettext("Bots still close what they hold, and orders can be taken back.")
    else:
        title = gettext("{words}: {level} % used").format(words=words, level=level)
        text = (
            gettext("{used:,} of {meter}, the cap that your workspace set itself.")
            if by_cap
            else gettext("{used:,} of {meter}, what the plan gives.")
        ).format(used=written(row.used), meter=amount_of(row.meter, row.end or 0))
    facts = [[gettext("Used"), f"{written(row.used):,}"]]
    if resets:
        facts.append([gettext("Starts again"), f"{day_words(resets, year=False)}, 00:00 UTC"])
    return {
        "title": title,
        "text": text,
        "facts": [["Workspace", workspace.name], *facts],
        "url": PAGE,
        "url_words": gettext("See what is left"),
    }
