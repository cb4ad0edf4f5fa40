"""What a UT Bot's script would have sent over bars that are past, stored as if it had come then: for the demo."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db import connection

from apps.engine.bars import Bars
from apps.engine.lang import compile_formula
from apps.signals.models import AlertSource, UtBot
from apps.signals.statements import INSERT_ALERTS, AlertRow, alert_row, batch_of
from apps.signals.ut_bot.formula import text_of_rule
from apps.signals.ut_bot.messages import Side, sample_message

ON_ITS_WAY = timedelta(seconds=2)


def past_alerts(bot: UtBot, source: AlertSource, bars: Bars, *, until: datetime) -> list[AlertRow]:
    """One for each bar on which the bot turned, received two seconds after its close and not after `until`."""
    rows = []
    signals = compile_formula(text_of_rule(bot.rule)).evaluate(bars).signals
    for number, signal in enumerate(signals, start=1):
        closed = datetime.fromtimestamp((int(bars.time[signal.bar]) + bars.timeframe_ms) / 1000, UTC)
        received = closed + ON_ITS_WAY
        if received > until:
            break
        side: Side = "long" if signal.kind == "long" else "short"
        message = sample_message(bot.rule, formula=bot.formula_hash, now=received, side=side)
        message |= {"price": float(bars.close[signal.bar]), "seq": number}
        row, refusal = alert_row(
            source.pk, json.dumps(message).encode(), received_at=received, headers={}, remote_ip=None
        )
        assert refusal is None, refusal  # the message is our own
        rows.append(row)
    return rows


def store_past_alerts(rows: Sequence[AlertRow]) -> None:
    """As the intake stores them; the next sweep makes signals of them."""
    with connection.cursor() as cursor:
        cursor.execute(INSERT_ALERTS, [batch_of(rows)])
