"""What of market data is counted as use."""

from __future__ import annotations

from datetime import UTC

from django.db.models import Count
from django.db.models.functions import TruncDay
from django.utils import timezone

from apps.billing.services.usage import LONGEST, UsageSource, keep_usage, meter_from
from apps.core.words import gettext_lazy
from apps.markets.models import Feed, LiveBar

BARS = "feed_bars"
# Feeds without a workspace are shared, and nobody's use.
COUNTED = """
SELECT feed.workspace_id, (bar.received_at AT TIME ZONE 'UTC')::date, count(*)
FROM markets_livebar bar JOIN markets_feed feed ON feed.id = bar.feed_id
WHERE feed.workspace_id IS NOT NULL AND bar.received_at >= %(since)s AND bar.received_at < %(until)s
GROUP BY 1, 2
"""


def count_bars_of_feeds() -> None:
    """Let billing count them."""
    meter_from(UsageSource(BARS, gettext_lazy("bars from own feeds"), COUNTED))


def keep_bars_counted(feed: Feed) -> None:
    """The feed is being deleted in this transaction; the days that could still be counted keep its bars."""
    if feed.workspace_id is None:
        return
    bars = LiveBar.objects.filter(feed=feed, received_at__gte=timezone.now() - LONGEST)
    days = bars.values_list(TruncDay("received_at", tzinfo=UTC)).annotate(Count("number")).order_by()
    keep_usage(BARS, {(feed.workspace_id, day.date()): count for day, count in days})
