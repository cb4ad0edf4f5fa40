"""Every figure of a report: what it is called, how it is written, and what it means in one sentence.

The names are those of docs/metrics.md and docs/honesty.md, which give formulas and sources.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["money", "change", "percent", "fall", "ratio", "count", "average", "chance"]


class Figure(NamedTuple):
    """`kind`: change and percent are fractions (the first signed), fall a drawdown, average has one decimal."""

    label: str
    kind: Kind
    meaning: str


_EQUITY = {
    "final_equity": Figure(
        "Final equity", "money", "The account at the last close, an open position included."
    ),
    "net_profit": Figure("Net profit", "money", "Final equity less the starting cash."),
    "total_return": Figure(
        "Total return", "change", "Final equity over starting cash, less 1, after all costs."
    ),
    "cagr": Figure(
        "CAGR",
        "change",
        "Compound annual growth rate: the steady yearly return that ends at the same equity.",
    ),
    "volatility": Figure("Volatility", "percent", "Standard deviation of the daily returns, per year."),
    "sharpe": Figure(
        "Sharpe", "ratio", "Mean daily return over its standard deviation, per year; risk-free rate 0."
    ),
    "sortino": Figure("Sortino", "ratio", "Like Sharpe, but only losses count as risk; target 0."),
    "calmar": Figure("Calmar", "ratio", "CAGR over the largest drawdown."),
    "omega": Figure("Omega", "ratio", "Sum of the daily gains over the sum of the daily losses."),
    "max_drawdown": Figure(
        "Max drawdown", "fall", "The deepest fall from the highest equity so far; every close counts."
    ),
    "max_drawdown_amount": Figure("Max drawdown, amount", "money", "The largest such fall in money."),
    "avg_drawdown": Figure("Average drawdown", "fall", "Mean depth of all drawdowns, small ones too."),
    "max_drawdown_duration_bars": Figure(
        "Longest drawdown, bars", "count", "The most closes in a row below the highest equity so far."
    ),
    "max_drawdown_duration_days": Figure("Longest drawdown, days", "average", "The same in calendar days."),
    "time_under_water": Figure(
        "Time under water", "percent", "Share of closes below the highest equity so far."
    ),
    "ulcer_index": Figure(
        "Ulcer index", "percent", "Root of the mean squared drawdown: deep and long falls weigh most."
    ),
    "recovery_factor": Figure("Recovery factor", "ratio", "Net profit over the largest drawdown in money."),
}
_RETURNS = {
    "best_day": Figure(
        "Best day", "change", "Highest daily return; of a bar, where bars are longer than a day."
    ),
    "worst_day": Figure("Worst day", "change", "Lowest daily return."),
    "positive_days": Figure("Days up", "percent", "Share of days with a gain."),
    "best_month": Figure("Best month", "change", "Highest return of a calendar month, begun ones included."),
    "worst_month": Figure("Worst month", "change", "Lowest return of a calendar month."),
    "positive_months": Figure("Months up", "percent", "Share of months with a gain."),
    "skew": Figure(
        "Skew",
        "ratio",
        "Lopsidedness of the daily returns: negative means rare, large losses; a normal law has 0.",
    ),
    "kurtosis": Figure("Kurtosis", "ratio", "Weight of rare, large days; a normal law has 3."),
    "value_at_risk": Figure(
        "Value at risk, 95 %", "percent", "The daily loss that 95 of 100 days stayed below."
    ),
    "expected_shortfall": Figure("Expected shortfall", "percent", "Mean loss of the worst 5 % of the days."),
    "tail_ratio": Figure(
        "Tail ratio",
        "ratio",
        "The 95th percentile of the daily returns over the 5th: above 1, good days are larger than bad ones.",
    ),
}
_MARKET = {
    "buy_and_hold": Figure(
        "Buy & hold", "change", "Return of holding the instrument from first to last close, without costs."
    ),
    "buy_and_hold_cagr": Figure("Buy & hold CAGR", "change", "Its steady yearly return."),
    "buy_and_hold_volatility": Figure("Buy & hold volatility", "percent", "Its standard deviation per year."),
    "buy_and_hold_sharpe": Figure("Buy & hold Sharpe", "ratio", "Its Sharpe ratio."),
    "buy_and_hold_max_drawdown": Figure("Buy & hold max drawdown", "fall", "Its deepest fall."),
    "alpha": Figure("Alpha", "change", "Yearly return that the market's own moves do not explain."),
    "beta": Figure("Beta", "ratio", "How far the run moves when the market moves by 1."),
}
_TRADES = {
    "trades": Figure("Trades", "count", "Closed trades; one still open counts in equity alone."),
    "winning_trades": Figure("Winning trades", "count", "Trades with a profit after costs."),
    "losing_trades": Figure("Losing trades", "count", "Trades with a loss after costs."),
    "win_rate": Figure("Win rate", "percent", "Winning trades over all trades."),
    "profit_factor": Figure("Profit factor", "ratio", "Sum of gains over sum of losses, after costs."),
    "gross_profit": Figure("Gross profit", "money", "Sum of the winning trades' profit, after costs."),
    "gross_loss": Figure("Gross loss", "money", "Sum of the losing trades' loss, after costs."),
    "expectancy": Figure("Expectancy", "money", "Mean profit of a trade."),
    "payoff_ratio": Figure("Payoff ratio", "ratio", "Average win over average loss."),
    "kelly": Figure(
        "Kelly",
        "percent",
        "The share of capital whose risk would have grown it fastest; negative where there is no "
        "edge. Few can bear it.",
    ),
    "sqn": Figure(
        "SQN",
        "ratio",
        "System quality number: root of the number of trades times mean over standard deviation of "
        "their profit.",
    ),
    "avg_win": Figure("Average win", "money", "Mean profit of the winning trades."),
    "avg_loss": Figure("Average loss", "money", "Mean loss of the losing trades."),
    "largest_win": Figure("Largest win", "money", "The most one trade earned."),
    "largest_loss": Figure("Largest loss", "money", "The most one trade lost."),
    "avg_trade": Figure("Average trade", "change", "Mean return of a trade on the value of its entry."),
    "best_trade": Figure("Best trade", "change", "Highest return of a trade."),
    "worst_trade": Figure("Worst trade", "change", "Lowest return of a trade."),
    "avg_bars_held": Figure("Bars held", "average", "Mean number of closes at which a position was open."),
    "avg_bars_won": Figure("Bars held, won", "average", "The same of winning trades."),
    "avg_bars_lost": Figure("Bars held, lost", "average", "The same of losing trades."),
    "max_consecutive_wins": Figure("Wins in a row", "count", "Longest streak of winning trades."),
    "max_consecutive_losses": Figure("Losses in a row", "count", "Longest streak of losing trades."),
    "long_trades": Figure("Long trades", "count", "Closed trades that bought first."),
    "long_win_rate": Figure("Long win rate", "percent", "Win rate of the long trades."),
    "long_pnl": Figure("Long P&L", "money", "Summed profit of the long trades."),
    "short_trades": Figure("Short trades", "count", "Closed trades that sold first."),
    "short_win_rate": Figure("Short win rate", "percent", "Win rate of the short trades."),
    "short_pnl": Figure("Short P&L", "money", "Summed profit of the short trades."),
    "trades_per_year": Figure("Trades a year", "average", "Closed trades over the years of the run."),
}
_ACTIVITY = {
    "exposure": Figure("Exposure", "percent", "Share of closes with a position: the time in the market."),
    "turnover": Figure("Turnover", "ratio", "Value of all fills over the starting cash."),
    "fees": Figure("Fees", "money", "All fees paid."),
    "borrow": Figure("Borrowing and funding", "money", "What holding positions cost per day, in all."),
    "periods_per_year": Figure(
        "Periods a year",
        "average",
        "365 for round-the-clock markets, 252 sessions otherwise; fewer for longer bars.",
    ),
    "years": Figure("Years", "ratio", "Length of the run in such years."),
}

GROUPS: dict[str, dict[str, Figure]] = {
    "Equity and risk": _EQUITY,
    "Days and months": _RETURNS,
    "Against buy & hold": _MARKET,
    "Trades": _TRADES,
    "Activity and costs": _ACTIVITY,
}

_REPORT = {
    "gross": Figure(
        "Gross", "money", "What the same trades would have earned at unslipped prices, without fees."
    ),
    "slippage": Figure("Slippage", "money", "What slippage and the rounding of prices to ticks took."),
    "net": Figure("Net", "money", "Final equity less the starting cash."),
    "break_even_slippage_bps": Figure(
        "Break-even slippage, bps",
        "average",
        "The slippage per market fill, in hundredths of a percent, at which the closed trades earn nothing.",
    ),
    "break_even_fee": Figure(
        "Break-even fee",
        "percent",
        "The fee per fill at which the closed trades earn nothing, at this run's slippage.",
    ),
    "gone_after_bars": Figure(
        "Edge gone after, bars", "average", "How late orders may come before the net return is 0."
    ),
    "pnl": Figure("P&L", "money", "Profit or loss of the trade after its fees and borrowing."),
    "return": Figure("Return", "change", "P&L over the value of the entry."),
    "bars_held": Figure("Bars", "count", "Closes at which the position was open."),
    "mae": Figure(
        "MAE",
        "percent",
        "Maximum adverse excursion: how far the price went against the position, as a share of the "
        "entry price.",
    ),
    "mfe": Figure("MFE", "percent", "Maximum favourable excursion: how far the price went for the position."),
    "avg_mae": Figure("Mean MAE", "percent", "Mean adverse excursion of all trades."),
    "avg_mfe": Figure("Mean MFE", "percent", "Mean favourable excursion of all trades."),
    "avg_mae_won": Figure("Mean MAE, won", "percent", "How far winning trades first went wrong."),
    "avg_mae_lost": Figure("Mean MAE, lost", "percent", "How far losing trades went wrong."),
    "avg_mfe_won": Figure("Mean MFE, won", "percent", "How far winning trades ran at best."),
    "avg_mfe_lost": Figure("Mean MFE, lost", "percent", "How far losing trades had run at best."),
    "mae_won_95": Figure(
        "MAE of 95 % of wins", "percent", "A stop wider than this would have spared 95 of 100 winning trades."
    ),
    "worst_mae": Figure("Worst MAE", "percent", "The furthest a trade went against its holder."),
    "best_mfe": Figure("Best MFE", "percent", "The furthest a trade went for its holder."),
    "trades_with_stop": Figure(
        "Trades with a stop", "count", "Trades that began with a stop; R is the money lost at that stop."
    ),
    "expectancy_r": Figure("Expectancy, R", "ratio", "Mean result of a trade in R."),
    "avg_win_r": Figure("Average win, R", "ratio", "Mean win in R."),
    "avg_loss_r": Figure("Average loss, R", "ratio", "Mean loss in R."),
    "depth": Figure("Depth", "fall", "Lowest close of the drawdown against the high before it."),
}
_HONESTY = {
    "trials": Figure(
        "Variants tried",
        "count",
        "Distinct combinations of formula, inputs, data and costs ever run on this formula and those "
        "it was forked from.",
    ),
    "sharpe_variance": Figure(
        "Spread of the trials", "ratio", "Variance of the variants' Sharpe ratios per period."
    ),
    "expected_max_sharpe": Figure(
        "Best Sharpe by luck",
        "ratio",
        "The Sharpe ratio the best of so many variants shows when none has an edge.",
    ),
    "probabilistic_sharpe": Figure(
        "Probabilistic Sharpe",
        "chance",
        "Probability that the true Sharpe ratio is above 0, from length, skew and tails of the returns.",
    ),
    "deflated_sharpe": Figure(
        "Deflated Sharpe",
        "chance",
        "Probability that the true Sharpe ratio is above what the best of all variants tried would "
        "show by luck. From 0.95 on it is evidence.",
    ),
    "min_track_record": Figure(
        "Minimum track record",
        "average",
        "How long a record must be to be 95 % sure that the Sharpe ratio is above luck, if the "
        "returns keep their law.",
    ),
    "min_backtest_years": Figure(
        "Minimum backtest length",
        "average",
        "On fewer years than this, the best of so many variants without an edge is expected to show "
        "this Sharpe ratio.",
    ),
    "effective_returns": Figure(
        "Effective returns", "count", "How many returns carry the result: a few extreme days count as few."
    ),
    "block_length": Figure(
        "Mean block", "average", "Mean length of the stretches of days that the bootstrap draws together."
    ),
    "probability_of_loss": Figure(
        "Chance of a loss", "percent", "Share of the bootstrap's paths that end below their start."
    ),
    "risk_of_ruin": Figure(
        "Risk of ruin",
        "percent",
        "Share of the bootstrap's paths that at some time lost so much of the start.",
    ),
    "final_return": Figure("Final return", "change", "Total return over the bootstrap's paths."),
    "actual_max_drawdown": Figure(
        "Drawdown in this order", "fall", "Deepest fall from trade to trade, in the order the trades came."
    ),
    "deeper": Figure(
        "Orders with a deeper fall",
        "percent",
        "Share of shuffled orders whose drawdown is deeper: near 100 %, this run's order was kind.",
    ),
}
_COUNTS = {
    "bars": Figure("Bars", "count", "Bars of the equity curve."),
    "ambiguous_bars": Figure(
        "Ambiguous bars",
        "count",
        "Bars that touched stop and target, their order unknown; the stop was taken.",
    ),
    "conflicting_bars": Figure(
        "Conflicting bars", "count", "Closes at which the formula asked for long and short; nothing was done."
    ),
    "dropped_requests": Figure(
        "Dropped requests",
        "count",
        "Entries not made: size 0, below the minimum or undefined, or never filled.",
    ),
    "cut_sizes": Figure(
        "Cut sizes", "count", "Entries made smaller than asked, because equity could not pay for them."
    ),
    "accounts_ended": Figure("Account ended", "count", "1 where equity fell to 0 and the run ended there."),
}

METRICS: dict[str, Figure] = {name: figure for group in GROUPS.values() for name, figure in group.items()}
FIGURES: dict[str, Figure] = METRICS | _REPORT | _HONESTY | _COUNTS
