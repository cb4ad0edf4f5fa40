"""Parity: what a bot decided, against what the batch engine says of the same bars, byte for byte.

Facts from outside the formula are taken as they were: which requests the risk checks refused, when the bot was paused,
when its position was closed by order. Everything else is computed anew, decisions over whole columns and fills by the
simulator alone, and written in the form in which the decisions are stored.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from apps.bots.choices import BotState, Mode, Parity
from apps.bots.events import PARITY_BROKEN
from apps.bots.models import Bot, Cohort, Decision
from apps.bots.rules.options import chances, seed_of
from apps.bots.selectors.journal import CONDITIONS, bars_seen
from apps.bots.services.booking import ASKED, FLATTENED, PROTECTED, RUINED
from apps.bots.services.crew import crew_of
from apps.bots.services.memory import load_memory
from apps.bots.services.programs import account_rules, program_of, sim_params
from apps.engine.bars import Bars
from apps.engine.lang import Evaluation, Program
from apps.engine.lang.divergence import first_difference
from apps.engine.program.calendar import iso_time
from apps.engine.sim.account import LEAVE, NOTHING
from apps.engine.sim.accounts import Accounts, Fills
from apps.engine.sim.rules import REASONS, new_account
from apps.engine.sim.state import SimState
from apps.formulas.selectors import why_report
from apps.notifications.services import NewNotice, queue_notices
from apps.trading.services import intent_key

log = structlog.get_logger(__name__)

MOST_BARS = 200_000


@dataclass(frozen=True)
class ParityReport:
    """`difference` is None where parity holds; else what was recorded and what is expected at the first bar that
    differs, and the first sub-expression that does."""

    bars: int
    decisions: int
    difference: dict[str, Any] | None = None


def check_parity(bot: Bot) -> ParityReport | None:
    """Check everything the bot decided since it joined, keep the result, and tell its people where it broke.

    None for a bot that is on no feed or has seen no bar yet.
    """
    with transaction.atomic():
        bot = Bot.objects.select_related("version", "feed__instrument", "account", "workspace").get(pk=bot.pk)
        if bot.cohort_id is None or bot.joined_number is None:
            return None
        cohort = Cohort.objects.select_for_update(no_key=True).get(pk=bot.cohort_id)
        bot.refresh_from_db()
        if bot.slot is None or cohort.last_number < (bot.joined_number or 0):
            return None
        report = compare(bot, cohort)
        _keep(bot, report)
    return report


def compare(bot: Bot, cohort: Cohort) -> ParityReport:
    """The check itself; the cohort's row is locked, so that no bar comes in between."""
    assert bot.joined_number is not None
    last = cohort.last_number
    bars = bars_seen(bot, last)
    program = program_of(bot.version.text, bot.inputs)
    live = len(bars) - bot.warm_bars
    rows = list(
        Decision.objects.filter(
            bot=bot, feed=bot.feed_id, number__gte=bot.joined_number, number__lte=last
        ).order_by("number")
    )
    if bars.slice(0, bot.warm_bars).content_hash() != bot.warm_hash:
        words = gettext("The bars it was warmed up with are no longer those that are stored.")
        return ParityReport(live, len(rows), {"words": words, "part": "", "number": None})
    recorded = {row.number: recorded_line(row) for row in rows}
    evaluation = program.evaluate(bars)
    known = {row.number: row for row in rows}
    if bot.mode == Mode.LIVE:
        expected = _expected_live(bot, evaluation, known)
    else:
        expected = _expected(bot, program, bars, evaluation, known)
    difference = _first_line(recorded, expected)
    if difference is None:
        difference = _memory(bot, cohort, bars)
    elif not difference.get("part"):
        found = _memory(bot, cohort, bars)
        difference["part"] = found["part"] if found else _condition(bot, bars, difference)
        difference["words"] = _words(difference)
    return ParityReport(live, len(rows), difference)


def recorded_line(row: Decision) -> str:
    """A stored decision in canonical form."""
    return _line(
        row.time, row.flags, row.given, (row.stop, row.target, row.trail), row.request, row.units, row.equity,
        row.fills, row.said,
    )  # fmt: skip


def _line(
    time: int,
    flags: int,
    given: int,
    levels: tuple[float | None, ...],
    request: int,
    units: float,
    equity: float,
    fills: list[dict[str, Any]],
    said: list[list[str]],
) -> str:
    values = {
        "time": time,
        "flags": flags,
        "given": given,
        "levels": [None if level is None or level != level else level for level in levels],
        "request": request,
        "units": units + 0.0,
        "equity": equity,
        "fills": fills,
        "said": said,
    }
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _expected(
    bot: Bot, program: Program, bars: Bars, evaluation: Evaluation, rows: dict[int, Decision]
) -> dict[int, str]:
    """The decisions there should be, by number of bar, in canonical form."""
    account, warm, first = bot.account, bot.warm_bars, bot.joined_number or 0
    is_paper = bot.mode == Mode.PAPER
    rules = account_rules(program, sim_params(account, bot.feed.instrument, float(bot.capital)))
    accounts = Accounts.new([rules], [float(bot.capital)])
    if bot.sim:
        fresh = SimState(rules, new_account(float(bot.capital)))
        accounts.put(0, fresh.with_bytes(bytes(bot.sim)).account)
    said = _said(evaluation)
    alerts = {bar for bar, lines in said.items() if any(kind == "alert" for kind, _ in lines)}
    columns = np.stack([evaluation.orders.flags.astype(np.float64), *_levels(evaluation)])
    quiet = _quiet(bot, first, len(bars) - warm)
    seed = np.array([seed_of(account.seed, bot.pk)], np.uint64)
    shares = np.array([float(account.partial_fill_rate) if is_paper else 1.0])
    late = is_paper and account.latency_bars > 0
    request = accounts.whole_row("request")
    lines: dict[int, str] = {}
    for i in range(warm, len(bars)):
        number = first + i - warm
        row, bar = rows.get(number), bars.bar(i)
        flattening = row is not None and row.is_flattening
        if flattening:
            request[0] = LEAVE
        reached = (
            columns[:, i] if not late else columns[:, i - 1] if i > warm else np.array([0.0, *[np.nan] * 3])
        )
        given = 0 if quiet[i - warm] else int(reached[0])
        rejected = bool(given and is_paper and chances(seed, number)[0] < float(account.rejection_rate))
        given = 0 if rejected else given
        fills = accounts.step(
            bar, np.array([given], np.uint8), reached[1:2], reached[2:3], reached[3:4], shares=shares
        )
        after = int(request[0])
        if row is not None and row.refused and not rejected:
            request[0] = NOTHING
        alerted = i in alerts and not quiet[i - warm]
        if after != NOTHING or len(fills) or rejected or flattening or alerted:
            lines[number] = _line(
                bar.time,
                int(columns[0, i]),
                given,
                tuple(float(value) for value in columns[1:, i]),
                after,
                float(accounts.row("units")[0]),
                float(accounts.equity[0]),
                _fills(bot, fills, bar.time, int(bars.time[i - 1]) if i else bar.time, flattening),
                said.get(i, []),
            )
    return lines


def _expected_live(bot: Bot, evaluation: Evaluation, rows: dict[int, Decision]) -> dict[int, str]:
    """What the formula says at each bar with a decision. What became of it is the exchange's doing and stays."""
    first = bot.joined_number or 0
    said = _said(evaluation)
    levels = _levels(evaluation)
    lines: dict[int, str] = {}
    for number, row in rows.items():
        i = number - first + bot.warm_bars
        lines[number] = _line(
            int(evaluation.time[i]),
            int(evaluation.orders.flags[i]),
            row.given,
            tuple(float(level[i]) for level in levels),
            row.request,
            row.units,
            row.equity,
            row.fills,
            said.get(i, []),
        )
    return lines


def _levels(evaluation: Evaluation) -> list[np.ndarray]:
    orders = evaluation.orders
    none = np.full(len(orders.flags), np.nan)
    return [
        none if each is None or each.series is None else each.series
        for each in (orders.stop, orders.target, orders.trail)
    ]


def _said(evaluation: Evaluation) -> dict[int, list[list[str]]]:
    said: dict[int, list[list[str]]] = defaultdict(list)
    for signal in evaluation.signals:
        said[signal.bar].append([signal.kind, signal.text])
    return said


def _quiet(bot: Bot, first: int, count: int) -> np.ndarray:
    """On which of its bars the bot was not running."""
    quiet = np.zeros(count, np.bool_)
    steps = bot.transitions.filter(number__isnull=False).order_by("id").values_list("number", "after")
    for number, state in steps:
        assert number is not None  # the query asks for those that have one
        quiet[max(0, number + 1 - first) :] = state != BotState.RUNNING
    return quiet


def _fills(bot: Bot, fills: Fills, time: int, before: int, flattening: bool) -> list[dict[str, Any]]:
    found = []
    for k in range(len(fills)):
        reason = REASONS[int(fills.reason[k])]
        if reason in ("stop_loss", "take_profit", "trailing_stop"):
            seq, at = PROTECTED, time
        elif reason == "account_at_zero":
            seq, at = RUINED, time
        else:
            seq, at = (FLATTENED if flattening else ASKED), before
        found.append(
            {
                "reason": "flatten" if seq == FLATTENED else reason,
                "side": "buy" if fills.side[k] > 0 else "sell",
                "units": float(fills.units[k]),
                "price": float(fills.price[k]),
                "fee": float(fills.fee[k]),
                "pnl": float(fills.pnl[k]),
                "key": intent_key(str(bot.uuid), bot.version.content_hash, at, seq),
            }
        )
    return found


def _first_line(recorded: dict[int, str], expected: dict[int, str]) -> dict[str, Any] | None:
    for number in sorted(set(recorded) | set(expected)):
        ours, theirs = recorded.get(number), expected.get(number)
        if ours != theirs:
            found = {
                "number": number,
                "recorded": None if ours is None else json.loads(ours),
                "expected": None if theirs is None else json.loads(theirs),
                "part": "",
            }
            return {**found, "words": _words(found)}
    return None


def _words(difference: dict[str, Any]) -> str:
    recorded, expected = difference.get("recorded"), difference.get("expected")
    some: dict[str, Any] = expected or recorded or {}
    when = iso_time(some["time"]) if some else ""
    names = ""
    if recorded is None:
        words = gettext("At bar {bar} ({when}) its backtest decides something, and the bot did not.")
    elif expected is None:
        words = gettext("At bar {bar} ({when}) the bot decided something, and its backtest does not.")
    else:
        words = gettext("At bar {bar} ({when}) they differ in {names}.")
        names = ", ".join(name for name in expected if expected[name] != recorded[name])
    words = words.format(bar=difference["number"], when=when, names=names)
    if difference["part"]:
        words += " " + gettext("The first expression that differs: {part}.").format(part=difference["part"])
    return words


def _memory(bot: Bot, cohort: Cohort, bars: Bars) -> dict[str, Any] | None:
    """The first expression whose memory is not what the bars make of it."""
    crew = crew_of(cohort)
    assert crew is not None  # the bot is one of its members
    assert bot.slot is not None
    state = crew.engine.state_of(load_memory(cohort, crew).decisions, bot.slot)
    part = first_difference(bot.version.text, bot.inputs, bars, state)
    if part is None:
        return None
    words = gettext("What it remembers of {part} is not what its bars come to.").format(part=part)
    return {"number": cohort.last_number, "recorded": None, "expected": None, "part": part, "words": words}


def _condition(bot: Bot, bars: Bars, difference: dict[str, Any]) -> str:
    """The condition that was recorded otherwise, where memory and bars agree."""
    recorded = (difference["recorded"] or {}).get("flags", 0)
    expected = (difference["expected"] or {}).get("flags", 0)
    names = {name.replace(" ", "_") for bit, name in CONDITIONS.items() if (recorded ^ expected) & bit}
    statements = why_report(bot.version.text, bars, settings=bot.inputs)["statements"]
    return next((one["text"] for one in statements if one["kind"] in names), "")


def _keep(bot: Bot, report: ParityReport) -> None:
    now = timezone.now()
    was = bot.parity
    state = Parity.HOLDS if report.difference is None else Parity.BROKEN
    Bot.objects.filter(pk=bot.pk).update(
        parity=state,
        parity_at=now,
        parity_report={"bars": report.bars, "decisions": report.decisions, **(report.difference or {})},
    )
    if state != Parity.BROKEN or was == Parity.BROKEN:
        return
    words = str((report.difference or {})["words"])
    log.error("parity_broken", bot=str(bot.uuid), words=words)
    queue_notices(
        [
            NewNotice(
                person_id=bot.workspace.owner_id,
                workspace_id=bot.workspace_id,
                event=PARITY_BROKEN.name,
                key=f"bots:parity:{bot.uuid}:{now.isoformat()}",
                data=lambda: {
                    "title": gettext("{name} decided otherwise than its backtest").format(name=bot.name),
                    "text": words,
                    "facts": [[gettext("Bars compared"), str(report.bars)]],
                    "url": f"/bots/{bot.uuid}/",
                },
            )
        ]
    )


def check_all() -> int:
    """Check every bot that is on a feed, one transaction each. Returns how many broke."""
    broken = 0
    for pk in (
        Bot.objects.filter(cohort__isnull=False, slot__isnull=False)
        .order_by("id")
        .values_list("pk", flat=True)
    ):
        report = check_parity(Bot.objects.get(pk=pk))
        broken += report is not None and report.difference is not None
    return broken
