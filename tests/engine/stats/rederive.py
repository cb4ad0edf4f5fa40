"""Derive every number of a result again, from the exports alone: python rederive.py TRADES.csv EQUITY.csv RESULT.json

Plain Python, without NumPy and without the engine. Of RESULT.json it reads what was given (cash, calendar) and the
open trade; all metrics and the report come from the two tables, and are then compared with those in RESULT.json. Of
the report it cannot check the delays: they are runs of their own. Prints what differs, and fails if anything does.
"""

import csv
import json
import math
import statistics
import sys
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from math import fsum
from zoneinfo import ZoneInfo

DAY_MS = 86_400_000


def rederive(trades_csv, equity_csv, result):
    """{"metrics": ..., "report": ...} as the result should have them. The tables are lists of lines."""
    numbers = {"side", "entry_time", "exit_time", "reason"}
    trades = [
        {name: text if name in numbers else float(text) if text else None for name, text in row.items()}
        for row in csv.DictReader(trades_csv)
    ]
    rows = list(csv.DictReader(equity_csv))
    time = [epoch_ms(row["time"]) for row in rows]
    equity, position, close = ([float(row[name]) for row in rows] for name in ("equity", "position", "close"))
    cash, calendar = result["parameters"]["cash"], result["report"]["calendar"]
    length, held = calendar["timeframe_ms"], result["open_trade"]
    dates = local_dates(time, calendar["timezone"])
    ends = list(range(len(time))) if length > DAY_MS else last_of_each(dates)
    years, per_year = year_length(time, length, [dates[i] for i in ends])
    returns = [equity[b] / equity[a] - 1 for a, b in pairwise(ends)]
    market = [close[b] / close[a] - 1 for a, b in pairwise(ends)]
    months = table(dates, equity, close, cash, ("year", "month"))
    drawdowns = all_drawdowns(equity, cash)
    costs = waterfall(trades, held, equity[-1] - cash)
    metrics = {
        "final_equity": equity[-1],
        "net_profit": equity[-1] - cash,
        "total_return": equity[-1] / cash - 1,
        **equity_metrics(equity, returns, drawdowns, cash, years, per_year, time, length),
        "best_month": max(month["return"] for month in months),
        "worst_month": min(month["return"] for month in months),
        "positive_months": sum(month["return"] > 0 for month in months) / len(months),
        **market_metrics(close, returns, market, years, per_year),
        **trade_metrics(trades),
        "trades_per_year": len(trades) / years,
        "exposure": sum(units != 0 for units in position) / len(position),
        "turnover": (
            fsum(trade["size"] * (trade["entry_price"] + trade["exit_price"]) for trade in trades)
            + (held["size"] * held["entry_price"] if held else 0)
        )
        / cash,
        "fees": costs["fees"],
        "borrow": costs["borrow"],
        "periods_per_year": per_year,
        "years": years,
    }
    report = {
        "drawdowns": drawdown_rows(drawdowns, time, length),
        "monthly": months,
        "yearly": table(dates, equity, close, cash, ("year",)),
        "daily_returns": histogram(returns),
        "trade_returns": histogram([trade["return"] for trade in trades]),
        "excursions": excursions(trades),
        "risk": risk(trades),
        "costs": costs,
    }
    return {"metrics": metrics, "report": report}


def epoch_ms(text):
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def local_dates(time, zone):
    zone, start = ZoneInfo(zone), datetime(1970, 1, 1, tzinfo=UTC)
    return [(start + timedelta(milliseconds=t)).astimezone(zone).date() for t in time]


def last_of_each(keys):
    return [i for i in range(len(keys)) if i + 1 == len(keys) or keys[i + 1] != keys[i]]


def year_length(time, length, days):
    if length > DAY_MS:
        return len(time) * length / (365 * DAY_MS), 365 * DAY_MS / length
    span = [days[0] + timedelta(days=i) for i in range((days[-1] - days[0]).days + 1)]
    seen = [
        (sum(day.weekday() == weekend for day in days), sum(day.weekday() == weekend for day in span))
        for weekend in (5, 6)
    ]
    if any(possible for _, possible in seen) and all(2 * had >= possible for had, possible in seen):
        return (time[-1] - time[0] + length) / DAY_MS / 365, 365
    return len(days) / 252, 252


def ratio(over, under):
    return over / under if over is not None and under is not None and under > 0 else None


def mean(values):
    return fsum(values) / len(values) if values else None


def percentile(values, share):
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def growth(start, final, years):
    return (final / start) ** (1 / years) - 1 if final > 0 else None


def deviation(values):
    return statistics.stdev(values) if len(values) > 1 else None


def scaled(value, by):
    return None if value is None else value * by


def equity_metrics(equity, returns, drawdowns, cash, years, per_year, time, length):
    n, root = len(returns), math.sqrt(per_year)
    average, spread = mean(returns), deviation(returns)
    downside = math.sqrt(fsum(min(r, 0) ** 2 for r in returns) / n) if n > 1 else None
    away = [r - average for r in returns]
    second = fsum(a * a for a in away) / n if n else 0
    deepest = max((fall["depth"] for fall in drawdowns), default=0.0)
    amount = max((fall["amount"] for fall in drawdowns), default=0.0)
    longest = max(drawdowns, key=lambda fall: fall["stop"] - fall["start"], default=None)
    highest, squares = cash, []
    for value in equity:
        highest = max(highest, value)
        squares.append((1 - value / highest) ** 2)
    annual = growth(cash, equity[-1], years)
    low, high = (percentile(returns, share) for share in (0.05, 0.95)) if n else (None, None)
    return {
        "cagr": annual,
        "volatility": scaled(spread, root),
        "sharpe": scaled(ratio(average, spread), root),
        "sortino": scaled(ratio(average, downside), root),
        "calmar": ratio(annual, deepest),
        "omega": ratio(fsum(max(r, 0) for r in returns), -fsum(min(r, 0) for r in returns)),
        "skew": fsum(a**3 for a in away) / n / second**1.5 if second > 0 else None,
        "kurtosis": fsum(a**4 for a in away) / n / second**2 if second > 0 else None,
        "value_at_risk": -low if n else None,
        "expected_shortfall": -mean([r for r in returns if r <= low]) if n else None,
        "tail_ratio": abs(high / low) if n and low else None,
        "best_day": max(returns, default=None),
        "worst_day": min(returns, default=None),
        "positive_days": sum(r > 0 for r in returns) / n if n else None,
        "max_drawdown": deepest,
        "max_drawdown_amount": amount,
        "avg_drawdown": mean([fall["depth"] for fall in drawdowns]),
        "max_drawdown_duration_bars": longest["stop"] - longest["start"] if longest else 0,
        "max_drawdown_duration_days": days(time, longest, length) if longest else 0.0,
        "time_under_water": sum(fall["stop"] - fall["start"] for fall in drawdowns) / len(equity),
        "ulcer_index": math.sqrt(fsum(squares) / len(equity)),
        "recovery_factor": ratio(equity[-1] - cash, amount),
    }


def market_metrics(close, returns, market, years, per_year):
    root, spread = math.sqrt(per_year), deviation(market)
    own, other = mean(returns), mean(market)
    second = fsum((m - other) ** 2 for m in market)
    beta = None
    if second > 0:
        beta = fsum((r - own) * (m - other) for r, m in zip(returns, market, strict=True)) / second
    falls = all_drawdowns(close, close[0])
    return {
        "buy_and_hold": close[-1] / close[0] - 1,
        "buy_and_hold_cagr": growth(close[0], close[-1], years),
        "buy_and_hold_volatility": scaled(spread, root),
        "buy_and_hold_sharpe": scaled(ratio(other, spread), root),
        "buy_and_hold_max_drawdown": max((fall["depth"] for fall in falls), default=0.0),
        "alpha": None if beta is None else (own - beta * other) * per_year,
        "beta": beta,
    }


def trade_metrics(trades):
    pnl = [trade["pnl"] for trade in trades]
    returns = [trade["pnl"] / (trade["size"] * trade["entry_price"]) for trade in trades]
    won, lost = [p for p in pnl if p > 0], [p for p in pnl if p < 0]
    rate, payoff = ratio(len(won), len(pnl)), ratio(mean(won), scaled(mean(lost), -1))

    def streak(sign):
        return max((len(list(run)) for right, run in groupby(p * sign > 0 for p in pnl) if right), default=0)

    def held(chosen):
        return mean([trade["exit_index"] - trade["entry_index"] for trade in trades if chosen(trade["pnl"])])

    sides = {}
    for side in ("long", "short"):
        own = [trade["pnl"] for trade in trades if trade["side"] == side]
        sides[f"{side}_trades"] = len(own)
        sides[f"{side}_win_rate"] = ratio(sum(p > 0 for p in own), len(own))
        sides[f"{side}_pnl"] = fsum(own)
    return {
        "trades": len(pnl),
        "winning_trades": len(won),
        "losing_trades": len(lost),
        "win_rate": rate,
        "gross_profit": fsum(won),
        "gross_loss": fsum(lost),
        "profit_factor": ratio(fsum(won), -fsum(lost)),
        "expectancy": mean(pnl),
        "avg_win": mean(won),
        "avg_loss": mean(lost),
        "payoff_ratio": payoff,
        "kelly": rate - (1 - rate) / payoff if payoff else None,
        "largest_win": max(won, default=None),
        "largest_loss": min(lost, default=None),
        "avg_trade": mean(returns),
        "best_trade": max(returns, default=None),
        "worst_trade": min(returns, default=None),
        "avg_bars_held": held(lambda p: True),
        "avg_bars_won": held(lambda p: p > 0),
        "avg_bars_lost": held(lambda p: p < 0),
        "max_consecutive_wins": streak(1),
        "max_consecutive_losses": streak(-1),
        "sqn": scaled(ratio(mean(pnl), deviation(pnl)), math.sqrt(len(pnl))),
        **sides,
    }


def all_drawdowns(values, highest):
    falls, now = [], None
    for i, value in enumerate(values):
        if value >= highest:
            highest, now = value, None
            continue
        if now is None:
            now = {"start": i, "trough": i, "low": value, "peak": highest}
            falls.append(now)
        if value < now["low"]:
            now |= {"trough": i, "low": value}
        now["stop"] = i + 1
    for fall in falls:
        fall |= {"depth": 1 - fall["low"] / fall["peak"], "amount": fall["peak"] - fall["low"]}
    return falls


def days(time, fall, length):
    return (time[fall["stop"] - 1] - time[fall["start"]] + length) / DAY_MS


def drawdown_rows(falls, time, length):
    rows = []
    for fall in sorted(falls, key=lambda fall: -fall["depth"])[:10]:
        stop = fall["stop"] if fall["stop"] < len(time) else None
        rows.append({
            "start": iso(time[fall["start"]]),
            "trough": iso(time[fall["trough"]]),
            "end": None if stop is None else iso(time[stop]),
            "depth": fall["depth"],
            "amount": fall["amount"],
            "bars": fall["stop"] - fall["start"],
            "days": days(time, fall, length),
            "days_to_recover": None if stop is None else (time[stop] - time[fall["trough"]]) / DAY_MS,
        })  # fmt: skip
    return rows


def iso(time):
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time):%Y-%m-%dT%H:%M:%SZ}"


def table(dates, equity, close, cash, names):
    rows, before, before_close = [], cash, close[0]
    keys = [tuple(getattr(date, name) for name in names) for date in dates]
    for i in last_of_each(keys):
        rows.append({
            **dict(zip(names, keys[i], strict=True)),
            "return": equity[i] / before - 1,
            "buy_and_hold": close[i] / before_close - 1,
        })  # fmt: skip
        before, before_close = equity[i], close[i]
    return rows


def histogram(values):
    if not values:
        return None
    low, high = percentile(values, 0.01), percentile(values, 0.99)
    widths = (float(f"{step}e{power}") for power in range(-300, 300) for step in (1, 2, 5))
    width = next(width for width in widths if high - low <= 40 * width) if high > low else 0.001
    edges = [float(f"{i * width:.12g}") for i in range(math.floor(low / width), math.floor(high / width) + 2)]
    ordered = sorted(values)
    places = [bisect_left(ordered, edge) for edge in edges]
    return {
        "edges": edges,
        "counts": [b - a for a, b in pairwise(places)],
        "below": places[0],
        "above": len(values) - places[-1],
    }


def excursions(trades):
    def all_of(name, sign=0):
        return [trade[name] for trade in trades if not sign or trade["pnl"] * sign > 0]

    return {
        **{f"avg_{name}": mean(all_of(name)) for name in ("mae", "mfe")},
        **{f"avg_{name}_won": mean(all_of(name, 1)) for name in ("mae", "mfe")},
        **{f"avg_{name}_lost": mean(all_of(name, -1)) for name in ("mae", "mfe")},
        "mae_won_95": percentile(all_of("mae", 1), 0.95) if all_of("mae", 1) else None,
        "worst_mae": max(all_of("mae"), default=None),
        "best_mfe": max(all_of("mfe"), default=None),
    }


def risk(trades):
    multiples = [
        trade["pnl"] / (trade["size"] * abs(trade["entry_price"] - trade["stop"]))
        for trade in trades
        if trade["stop"] is not None
    ]
    return {
        "trades_with_stop": len(multiples),
        "expectancy_r": mean(multiples),
        "avg_win_r": mean([r for r in multiples if r > 0]),
        "avg_loss_r": mean([r for r in multiples if r < 0]),
    }


def waterfall(trades, held, net):
    def earned(trade, entry, leave):
        return (1 if trade["side"] == "long" else -1) * (leave - entry) * trade["size"]

    gross = fsum(earned(t, t["entry_unslipped"], t["exit_unslipped"]) for t in trades)
    slipped = fsum(earned(t, t["entry_price"], t["exit_price"]) for t in trades)
    fees = fsum(t["entry_fee"] + t["exit_fee"] for t in trades)
    borrow = fsum(t["borrow"] for t in trades)
    market = fsum(
        t["size"] * (t["entry_unslipped"] + (t["exit_unslipped"] if t["reason"] != "take_profit" else 0))
        for t in trades
    )
    notional = fsum(t["size"] * (t["entry_price"] + t["exit_price"]) for t in trades)
    break_even = {
        "break_even_slippage_bps": scaled(ratio(gross - fees - borrow, market), 10_000),
        "break_even_fee": ratio(slipped - borrow, notional),
    }
    if held:
        gross += earned(held, held["entry_unslipped"], held["mark_price"])
        slipped += earned(held, held["entry_price"], held["mark_price"])
        fees += held["fees"]
        borrow += held["borrow"]
    return {
        "gross": gross,
        "slippage": gross - slipped,
        "fees": fees,
        "borrow": borrow,
        "net": net,
        **break_even,
    }


def differences(expected, found, place="", scale=0.0):
    """Where two values differ by more than 1e-9 of them, or of `scale`, which sums of money are rounded at."""
    if isinstance(expected, dict) and isinstance(found, dict):
        names = expected.keys() | found.keys()
        missing = object()
        return [
            line
            for name in sorted(names)
            for line in differences(
                expected.get(name, missing), found.get(name, missing), f"{place}.{name}", scale
            )
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        pairs = zip(expected, found, strict=True)
        return [
            line
            for i, (one, other) in enumerate(pairs)
            for line in differences(one, other, f"{place}[{i}]", scale)
        ]
    if isinstance(expected, int | float) and isinstance(found, int | float):
        if math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-12 + 1e-12 * scale):
            return []
    elif expected == found:
        return []
    return [f"{place[1:]}: {found!r} in the result, {expected!r} from its trades and equity"]


def check(trades_csv, equity_csv, result):
    """All differences between a result and what its exports say; none is right."""
    derived = rederive(trades_csv, equity_csv, result)
    report = {name: part for name, part in result["report"].items() if name not in ("calendar", "delay")}
    found = {"metrics": result["metrics"], "report": report}
    return differences(derived, found, "", result["parameters"]["cash"])


if __name__ == "__main__":
    with open(sys.argv[1]) as trades, open(sys.argv[2]) as curve, open(sys.argv[3]) as whole:
        wrong = check(trades, curve, json.load(whole))
    print("\n".join(wrong) or "every number follows from the exports")
    sys.exit(bool(wrong))
