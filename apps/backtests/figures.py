"""Every figure of a report: what it is called, how it is written, and what it means in one sentence.

The names are those of docs/metrics.md and docs/honesty.md, which give formulas and sources.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from apps.core.words import gettext_lazy

Kind = Literal["money", "change", "percent", "fall", "ratio", "count", "average", "chance"]


class Figure(NamedTuple):
    """`kind`: change and percent are fractions (the first signed), fall a drawdown, average has one decimal."""

    label: str
    kind: Kind
    meaning: str


_EQUITY = {
    "final_equity": Figure(
        gettext_lazy("Final equity"),
        "money",
        gettext_lazy("The account at the last close, an open position included."),
    ),
    "net_profit": Figure(
        gettext_lazy("Net profit"), "money", gettext_lazy("Final equity less the starting cash.")
    ),
    "total_return": Figure(
        gettext_lazy("Total return"),
        "change",
        gettext_lazy("Final equity over starting cash, less 1, after all costs."),
    ),
    "cagr": Figure(
        "CAGR",
        "change",
        gettext_lazy("Compound annual growth rate: the steady yearly return that ends at the same equity."),
    ),
    "volatility": Figure(
        gettext_lazy("Volatility"),
        "percent",
        gettext_lazy("Standard deviation of the daily returns, per year."),
    ),
    "sharpe": Figure(
        "Sharpe",
        "ratio",
        gettext_lazy("Mean daily return over its standard deviation, per year; risk-free rate 0."),
    ),
    "sortino": Figure(
        "Sortino", "ratio", gettext_lazy("Like Sharpe, but only losses count as risk; target 0.")
    ),
    "calmar": Figure("Calmar", "ratio", gettext_lazy("CAGR over the largest drawdown.")),
    "omega": Figure(
        "Omega", "ratio", gettext_lazy("Sum of the daily gains over the sum of the daily losses.")
    ),
    "max_drawdown": Figure(
        gettext_lazy("Max drawdown"),
        "fall",
        gettext_lazy("The deepest fall from the highest equity so far; every close counts."),
    ),
    "max_drawdown_amount": Figure(
        gettext_lazy("Max drawdown, amount"), "money", gettext_lazy("The largest such fall in money.")
    ),
    "avg_drawdown": Figure(
        gettext_lazy("Average drawdown"), "fall", gettext_lazy("Mean depth of all drawdowns, small ones too.")
    ),
    "max_drawdown_duration_bars": Figure(
        gettext_lazy("Longest drawdown, bars"),
        "count",
        gettext_lazy("The most closes in a row below the highest equity so far."),
    ),
    "max_drawdown_duration_days": Figure(
        gettext_lazy("Longest drawdown, days"), "average", gettext_lazy("The same in calendar days.")
    ),
    "time_under_water": Figure(
        gettext_lazy("Time under water"),
        "percent",
        gettext_lazy("Share of closes below the highest equity so far."),
    ),
    "ulcer_index": Figure(
        gettext_lazy("Ulcer index"),
        "percent",
        gettext_lazy("Root of the mean squared drawdown: deep and long falls weigh most."),
    ),
    "recovery_factor": Figure(
        gettext_lazy("Recovery factor"),
        "ratio",
        gettext_lazy("Net profit over the largest drawdown in money."),
    ),
}
_RETURNS = {
    "best_day": Figure(
        gettext_lazy("Best day"),
        "change",
        gettext_lazy("Highest daily return; of a bar, where bars are longer than a day."),
    ),
    "worst_day": Figure(gettext_lazy("Worst day"), "change", gettext_lazy("Lowest daily return.")),
    "positive_days": Figure(gettext_lazy("Days up"), "percent", gettext_lazy("Share of days with a gain.")),
    "best_month": Figure(
        gettext_lazy("Best month"),
        "change",
        gettext_lazy("Highest return of a calendar month, begun ones included."),
    ),
    "worst_month": Figure(
        gettext_lazy("Worst month"), "change", gettext_lazy("Lowest return of a calendar month.")
    ),
    "positive_months": Figure(
        gettext_lazy("Months up"), "percent", gettext_lazy("Share of months with a gain.")
    ),
    "skew": Figure(
        gettext_lazy("Skew"),
        "ratio",
        gettext_lazy(
            "Lopsidedness of the daily returns: negative means rare, large losses; a normal law has 0."
        ),
    ),
    "kurtosis": Figure(
        gettext_lazy("Kurtosis"), "ratio", gettext_lazy("Weight of rare, large days; a normal law has 3.")
    ),
    "value_at_risk": Figure(
        gettext_lazy("Value at risk, 95 %"),
        "percent",
        gettext_lazy("The daily loss that 95 of 100 days stayed below."),
    ),
    "expected_shortfall": Figure(
        gettext_lazy("Expected shortfall"), "percent", gettext_lazy("Mean loss of the worst 5 % of the days.")
    ),
    "tail_ratio": Figure(
        gettext_lazy("Tail ratio"),
        "ratio",
        gettext_lazy(
            "The 95th percentile of the daily returns over the 5th: above 1, good days are larger than bad ones."
        ),
    ),
}
_MARKET = {
    "buy_and_hold": Figure(
        gettext_lazy("Buy & hold"),
        "change",
        gettext_lazy("Return of holding the instrument from first to last close, without costs."),
    ),
    "buy_and_hold_cagr": Figure(
        gettext_lazy("Buy & hold CAGR"), "change", gettext_lazy("Its steady yearly return.")
    ),
    "buy_and_hold_volatility": Figure(
        gettext_lazy("Buy & hold volatility"), "percent", gettext_lazy("Its standard deviation per year.")
    ),
    "buy_and_hold_sharpe": Figure(
        gettext_lazy("Buy & hold Sharpe"), "ratio", gettext_lazy("Its Sharpe ratio.")
    ),
    "buy_and_hold_max_drawdown": Figure(
        gettext_lazy("Buy & hold max drawdown"), "fall", gettext_lazy("Its deepest fall.")
    ),
    "alpha": Figure(
        gettext_lazy("Alpha"),
        "change",
        gettext_lazy("Yearly return that the market's own moves do not explain."),
    ),
    "beta": Figure(
        gettext_lazy("Beta"), "ratio", gettext_lazy("How far the run moves when the market moves by 1.")
    ),
}
_TRADES = {
    "trades": Figure(
        gettext_lazy("Trades"), "count", gettext_lazy("Closed trades; one still open counts in equity alone.")
    ),
    "winning_trades": Figure(
        gettext_lazy("Winning trades"), "count", gettext_lazy("Trades with a profit after costs.")
    ),
    "losing_trades": Figure(
        gettext_lazy("Losing trades"), "count", gettext_lazy("Trades with a loss after costs.")
    ),
    "win_rate": Figure(gettext_lazy("Win rate"), "percent", gettext_lazy("Winning trades over all trades.")),
    "profit_factor": Figure(
        gettext_lazy("Profit factor"), "ratio", gettext_lazy("Sum of gains over sum of losses, after costs.")
    ),
    "gross_profit": Figure(
        gettext_lazy("Gross profit"), "money", gettext_lazy("Sum of the winning trades' profit, after costs.")
    ),
    "gross_loss": Figure(
        gettext_lazy("Gross loss"), "money", gettext_lazy("Sum of the losing trades' loss, after costs.")
    ),
    "expectancy": Figure(gettext_lazy("Expectancy"), "money", gettext_lazy("Mean profit of a trade.")),
    "payoff_ratio": Figure(
        gettext_lazy("Payoff ratio"), "ratio", gettext_lazy("Average win over average loss.")
    ),
    "kelly": Figure(
        "Kelly",
        "percent",
        gettext_lazy(
            "The share of capital whose risk would have grown it fastest; negative where there is no "
            "edge. Few can bear it."
        ),
    ),
    "sqn": Figure(
        "SQN",
        "ratio",
        gettext_lazy(
            "System quality number: root of the number of trades times mean over standard deviation of "
            "their profit."
        ),
    ),
    "avg_win": Figure(
        gettext_lazy("Average win"), "money", gettext_lazy("Mean profit of the winning trades.")
    ),
    "avg_loss": Figure(
        gettext_lazy("Average loss"), "money", gettext_lazy("Mean loss of the losing trades.")
    ),
    "largest_win": Figure(gettext_lazy("Largest win"), "money", gettext_lazy("The most one trade earned.")),
    "largest_loss": Figure(gettext_lazy("Largest loss"), "money", gettext_lazy("The most one trade lost.")),
    "avg_trade": Figure(
        gettext_lazy("Average trade"),
        "change",
        gettext_lazy("Mean return of a trade on the value of its entry."),
    ),
    "best_trade": Figure(gettext_lazy("Best trade"), "change", gettext_lazy("Highest return of a trade.")),
    "worst_trade": Figure(gettext_lazy("Worst trade"), "change", gettext_lazy("Lowest return of a trade.")),
    "avg_bars_held": Figure(
        gettext_lazy("Bars held"),
        "average",
        gettext_lazy("Mean number of closes at which a position was open."),
    ),
    "avg_bars_won": Figure(
        gettext_lazy("Bars held, won"), "average", gettext_lazy("The same of winning trades.")
    ),
    "avg_bars_lost": Figure(
        gettext_lazy("Bars held, lost"), "average", gettext_lazy("The same of losing trades.")
    ),
    "max_consecutive_wins": Figure(
        gettext_lazy("Wins in a row"), "count", gettext_lazy("Longest streak of winning trades.")
    ),
    "max_consecutive_losses": Figure(
        gettext_lazy("Losses in a row"), "count", gettext_lazy("Longest streak of losing trades.")
    ),
    "long_trades": Figure(
        gettext_lazy("Long trades"), "count", gettext_lazy("Closed trades that bought first.")
    ),
    "long_win_rate": Figure(
        gettext_lazy("Long win rate"), "percent", gettext_lazy("Win rate of the long trades.")
    ),
    "long_pnl": Figure(gettext_lazy("Long P&L"), "money", gettext_lazy("Summed profit of the long trades.")),
    "short_trades": Figure(
        gettext_lazy("Short trades"), "count", gettext_lazy("Closed trades that sold first.")
    ),
    "short_win_rate": Figure(
        gettext_lazy("Short win rate"), "percent", gettext_lazy("Win rate of the short trades.")
    ),
    "short_pnl": Figure(
        gettext_lazy("Short P&L"), "money", gettext_lazy("Summed profit of the short trades.")
    ),
    "trades_per_year": Figure(
        gettext_lazy("Trades a year"), "average", gettext_lazy("Closed trades over the years of the run.")
    ),
}
_ACTIVITY = {
    "exposure": Figure(
        gettext_lazy("Exposure"),
        "percent",
        gettext_lazy("Share of closes with a position: the time in the market."),
    ),
    "turnover": Figure(
        gettext_lazy("Turnover"), "ratio", gettext_lazy("Value of all fills over the starting cash.")
    ),
    "fees": Figure(gettext_lazy("Fees"), "money", gettext_lazy("All fees paid.")),
    "borrow": Figure(
        gettext_lazy("Borrowing and funding"),
        "money",
        gettext_lazy("What holding positions cost per day, in all."),
    ),
    "periods_per_year": Figure(
        gettext_lazy("Periods a year"),
        "average",
        gettext_lazy("365 for round-the-clock markets, 252 sessions otherwise; fewer for longer bars."),
    ),
    "years": Figure(gettext_lazy("Years"), "ratio", gettext_lazy("Length of the run in such years.")),
}

GROUPS: dict[str, dict[str, Figure]] = {
    gettext_lazy("Equity and risk"): _EQUITY,
    gettext_lazy("Days and months"): _RETURNS,
    gettext_lazy("Against buy & hold"): _MARKET,
    gettext_lazy("Trades"): _TRADES,
    gettext_lazy("Activity and costs"): _ACTIVITY,
}

_REPORT = {
    "gross": Figure(
        gettext_lazy("Gross"),
        "money",
        gettext_lazy("What the same trades would have earned at unslipped prices, without fees."),
    ),
    "slippage": Figure(
        gettext_lazy("Slippage"),
        "money",
        gettext_lazy("What slippage and the rounding of prices to ticks took."),
    ),
    "net": Figure(gettext_lazy("Net"), "money", gettext_lazy("Final equity less the starting cash.")),
    "break_even_slippage_bps": Figure(
        gettext_lazy("Break-even slippage, bps"),
        "average",
        gettext_lazy(
            "The slippage per market fill, in hundredths of a percent, at which the closed trades earn nothing."
        ),
    ),
    "break_even_fee": Figure(
        gettext_lazy("Break-even fee"),
        "percent",
        gettext_lazy("The fee per fill at which the closed trades earn nothing, at this run's slippage."),
    ),
    "gone_after_bars": Figure(
        gettext_lazy("Edge gone after, bars"),
        "average",
        gettext_lazy("How late orders may come before the net return is 0."),
    ),
    "pnl": Figure(
        gettext_lazy("P&L"),
        "money",
        gettext_lazy("Profit or loss of the trade after its fees and borrowing."),
    ),
    "return": Figure(gettext_lazy("Return"), "change", gettext_lazy("P&L over the value of the entry.")),
    "bars_held": Figure(
        gettext_lazy("Bars"), "count", gettext_lazy("Closes at which the position was open.")
    ),
    "mae": Figure(
        "MAE",
        "percent",
        gettext_lazy(
            "Maximum adverse excursion: how far the price went against the position, as a share of the "
            "entry price."
        ),
    ),
    "mfe": Figure(
        "MFE",
        "percent",
        gettext_lazy("Maximum favourable excursion: how far the price went for the position."),
    ),
    "avg_mae": Figure(
        gettext_lazy("Mean MAE"), "percent", gettext_lazy("Mean adverse excursion of all trades.")
    ),
    "avg_mfe": Figure(
        gettext_lazy("Mean MFE"), "percent", gettext_lazy("Mean favourable excursion of all trades.")
    ),
    "avg_mae_won": Figure(
        gettext_lazy("Mean MAE, won"), "percent", gettext_lazy("How far winning trades first went wrong.")
    ),
    "avg_mae_lost": Figure(
        gettext_lazy("Mean MAE, lost"), "percent", gettext_lazy("How far losing trades went wrong.")
    ),
    "avg_mfe_won": Figure(
        gettext_lazy("Mean MFE, won"), "percent", gettext_lazy("How far winning trades ran at best.")
    ),
    "avg_mfe_lost": Figure(
        gettext_lazy("Mean MFE, lost"), "percent", gettext_lazy("How far losing trades had run at best.")
    ),
    "mae_won_95": Figure(
        gettext_lazy("MAE of 95 % of wins"),
        "percent",
        gettext_lazy("A stop wider than this would have spared 95 of 100 winning trades."),
    ),
    "worst_mae": Figure(
        gettext_lazy("Worst MAE"), "percent", gettext_lazy("The furthest a trade went against its holder.")
    ),
    "best_mfe": Figure(
        gettext_lazy("Best MFE"), "percent", gettext_lazy("The furthest a trade went for its holder.")
    ),
    "trades_with_stop": Figure(
        gettext_lazy("Trades with a stop"),
        "count",
        gettext_lazy("Trades that began with a stop; R is the money lost at that stop."),
    ),
    "expectancy_r": Figure(
        gettext_lazy("Expectancy, R"), "ratio", gettext_lazy("Mean result of a trade in R.")
    ),
    "avg_win_r": Figure(gettext_lazy("Average win, R"), "ratio", gettext_lazy("Mean win in R.")),
    "avg_loss_r": Figure(gettext_lazy("Average loss, R"), "ratio", gettext_lazy("Mean loss in R.")),
    "depth": Figure(
        gettext_lazy("Depth"),
        "fall",
        gettext_lazy("Lowest close of the drawdown against the high before it."),
    ),
}
_HONESTY = {
    "trials": Figure(
        gettext_lazy("Variants tried"),
        "count",
        gettext_lazy(
            "Distinct combinations of formula, inputs, data and costs ever run on this formula and those "
            "it was forked from."
        ),
    ),
    "sharpe_variance": Figure(
        gettext_lazy("Spread of the trials"),
        "ratio",
        gettext_lazy("Variance of the variants' Sharpe ratios per period."),
    ),
    "expected_max_sharpe": Figure(
        gettext_lazy("Best Sharpe by luck"),
        "ratio",
        gettext_lazy("The Sharpe ratio the best of so many variants shows when none has an edge."),
    ),
    "probabilistic_sharpe": Figure(
        gettext_lazy("Probabilistic Sharpe"),
        "chance",
        gettext_lazy(
            "Probability that the true Sharpe ratio is above 0, from length, skew and tails of the returns."
        ),
    ),
    "deflated_sharpe": Figure(
        gettext_lazy("Deflated Sharpe"),
        "chance",
        gettext_lazy(
            "Probability that the true Sharpe ratio is above what the best of all variants tried would "
            "show by luck. From 0.95 on it is evidence."
        ),
    ),
    "min_track_record": Figure(
        gettext_lazy("Minimum track record"),
        "average",
        gettext_lazy(
            "How long a record must be to be 95 % sure that the Sharpe ratio is above luck, if the "
            "returns keep their law."
        ),
    ),
    "min_backtest_years": Figure(
        gettext_lazy("Minimum backtest length"),
        "average",
        gettext_lazy(
            "On fewer years than this, the best of so many variants without an edge is expected to show "
            "this Sharpe ratio."
        ),
    ),
    "effective_returns": Figure(
        gettext_lazy("Effective returns"),
        "count",
        gettext_lazy("How many returns carry the result: a few extreme days count as few."),
    ),
    "block_length": Figure(
        gettext_lazy("Mean block"),
        "average",
        gettext_lazy("Mean length of the stretches of days that the bootstrap draws together."),
    ),
    "probability_of_loss": Figure(
        gettext_lazy("Chance of a loss"),
        "percent",
        gettext_lazy("Share of the bootstrap's paths that end below their start."),
    ),
    "risk_of_ruin": Figure(
        gettext_lazy("Risk of ruin"),
        "percent",
        gettext_lazy("Share of the bootstrap's paths that at some time lost so much of the start."),
    ),
    "final_return": Figure(
        gettext_lazy("Final return"), "change", gettext_lazy("Total return over the bootstrap's paths.")
    ),
    "actual_max_drawdown": Figure(
        gettext_lazy("Drawdown in this order"),
        "fall",
        gettext_lazy("Deepest fall from trade to trade, in the order the trades came."),
    ),
    "deeper": Figure(
        gettext_lazy("Orders with a deeper fall"),
        "percent",
        gettext_lazy(
            "Share of shuffled orders whose drawdown is deeper: near 100 %, this run's order was kind."
        ),
    ),
}
_COUNTS = {
    "bars": Figure(gettext_lazy("Bars"), "count", gettext_lazy("Bars of the equity curve.")),
    "ambiguous_bars": Figure(
        gettext_lazy("Ambiguous bars"),
        "count",
        gettext_lazy("Bars that touched stop and target, their order unknown; the stop was taken."),
    ),
    "conflicting_bars": Figure(
        gettext_lazy("Conflicting bars"),
        "count",
        gettext_lazy("Closes at which the formula asked for long and short; nothing was done."),
    ),
    "dropped_requests": Figure(
        gettext_lazy("Dropped requests"),
        "count",
        gettext_lazy("Entries not made: size 0, below the minimum or undefined, or never filled."),
    ),
    "cut_sizes": Figure(
        gettext_lazy("Cut sizes"),
        "count",
        gettext_lazy("Entries made smaller than asked, because equity could not pay for them."),
    ),
    "accounts_ended": Figure(
        gettext_lazy("Account ended"),
        "count",
        gettext_lazy("1 where equity fell to 0 and the run ended there."),
    ),
}

METRICS: dict[str, Figure] = {name: figure for group in GROUPS.values() for name, figure in group.items()}
FIGURES: dict[str, Figure] = METRICS | _REPORT | _HONESTY | _COUNTS

_OF_SWEEPS = {"score": gettext_lazy("Plateau score")}


def label_of(name: str) -> str:
    """What a figure of a run or of a sweep's cell is called, in the reader's language."""
    figure = FIGURES.get(name)
    return str(figure.label if figure else _OF_SWEEPS.get(name, name))
