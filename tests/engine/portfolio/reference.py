"""A slow portfolio, written from docs/portfolios.md alone, over the single reference of docs/fills.md.

Shares no code with `apps.engine.portfolio` or `apps.engine.sim` beyond the condition bits and the classes that describe
a case. Days begin at midnight UTC.
"""

import datetime
from dataclasses import replace

from apps.engine.sim.spec import Size
from tests.engine.sim.reference import ReferenceSimulator


class Leg(ReferenceSimulator):
    """A leg of a portfolio: its cash is the account's."""

    def __init__(self, account, bars, orders, params, weight, step, finer):
        self.account, self.weight, self.step = account, weight, step
        self.lent = None
        super().__init__(bars, orders, params, finer)
        self.i, self.is_open, self.mark, self.request = -1, False, None, None
        self.rebalances = self.cut_rebalances = 0

    @property
    def cash(self):
        return self.account.cash if self.lent is None else self.lent

    @cash.setter
    def cash(self, value):
        self.account.cash = value

    def opens(self):
        return self.bars[self.i + 1][0] if self.i + 1 < len(self.bars) else None

    def closes(self):
        return self.closing(self.i) if self.is_open else None

    def closing(self, i):
        nominal = self.bars[i][0] + self.step
        return min(nominal, self.bars[i + 1][0]) if i + 1 < len(self.bars) else nominal

    def signed(self):
        return self.held.side * self.held.size if self.held else 0.0

    def size(self, side, price, stop_price):
        limit = self.account.free()
        cuts = self.counts["cut_sizes"]
        units = self.size_with(self.weight * self.account.worth(), side, price, stop_price)
        if units is None or units <= limit / (price * (1.0 + self.params.fee)):
            return units
        asked, self.orders = self.orders, replace(self.orders, size=Size("percent", 1.0))
        units = self.size_with(limit, side, price, stop_price)
        self.orders = asked
        self.counts["cut_sizes"] = cuts + (units is not None)
        return units

    def size_with(self, cash, side, price, stop_price):
        self.lent = cash
        units = super().size(side, price, stop_price)
        self.lent = None
        return units

    def target_share(self):
        """None where rebalancing leaves the position alone."""
        if self.held is None or self.orders.size.kind != "percent":
            return None
        return min(self.orders.size.value, 1.0) * self.weight

    def sell_off(self, wanted):
        held = self.held
        price = self.market(self.mark, -held.side)
        size = self.whole_lots(wanted)
        if not self.tradable(size, price):
            return
        part = size / held.size
        notional = size * price
        fee, entry_fee, carry = notional * self.params.fee, held.fee * part, held.carry * part
        pnl = held.side * (price - held.price) * size - entry_fee - fee - carry
        self.account.book(self, {
            "side": held.side, "entry_index": held.index, "exit_index": self.i, "entry_price": held.price,
            "exit_price": price, "size": size, "entry_fee": entry_fee, "exit_fee": fee, "carry": carry, "pnl": pnl,
            "reason": "rebalance",
        })  # fmt: skip
        self.cash = self.cash + held.side * notional - fee
        self.fees += fee
        held.size, held.fee, held.carry = held.size - size, held.fee - entry_fee, held.carry - carry
        self.rebalances += 1

    def add(self, wanted):
        held = self.held
        price = self.market(self.mark, held.side)
        most = self.account.free() / (price * (1.0 + self.params.fee))
        self.cut_rebalances += wanted > most
        size = self.whole_lots(min(wanted, most))
        if not self.tradable(size, price):
            return
        notional = size * price
        fee = notional * self.params.fee
        self.cash = self.cash - held.side * notional - fee
        self.fees += fee
        held.price = (held.size * held.price + notional) / (held.size + size)
        held.fee, held.size = held.fee + fee, held.size + size
        self.rebalances += 1

    def tradable(self, size, price):
        return size > 0 and size >= self.params.min_size and size * price >= self.params.min_notional

    def leave(self, price, i, reason):
        super().leave(price, i, reason)
        self.account.book(self, self.trades.pop())


class ReferencePortfolio:
    """legs: (bars as rows, orders, SimParams, weight, length of a bar in ms, finer rows or None)."""

    def __init__(self, legs, cash, rebalance="none", threshold=None):
        self.legs = []
        self.trades, self.equity, self.times = [], [], []
        self.legs = [Leg(self, *leg) for leg in legs]
        self.cash = cash
        self.rebalance, self.threshold = rebalance, threshold
        self.at_close = legs[0][2].fill == "close"
        self.due = self.ended = False
        self.period = self.period_of(min(leg.bars[0][0] for leg in self.legs))

    def book(self, leg, trade):
        self.trades.append({"leg": self.legs.index(leg)} | trade)

    def worth(self):
        worth = self.cash
        for leg in self.legs:
            if leg.held:
                worth += leg.signed() * leg.mark
        return worth

    def free(self):
        return self.cash - 2.0 * sum(-leg.signed() * leg.mark for leg in self.legs if leg.signed() < 0)

    def period_of(self, time):
        day = datetime.datetime.fromtimestamp(time / 1000, datetime.UTC).date()
        return {"daily": day, "weekly": day.isocalendar()[:2], "monthly": (day.year, day.month)}.get(
            self.rebalance
        )

    def run(self):
        times = {bar[0] for leg in self.legs for bar in leg.bars}
        times |= {leg.closing(i) for leg in self.legs for i in range(len(leg.bars))}
        for now in sorted(times):
            closing = [leg for leg in self.legs if leg.closes() == now]
            if closing:
                self.close(closing)
            if self.is_over():
                break
            opening = [leg for leg in self.legs if leg.opens() == now]
            for leg in opening:
                leg.i += 1
                leg.pay_carry(leg.i)
                leg.mark, leg.is_open = leg.bars[leg.i][1], True
            if opening and (not self.at_close or self.ended):
                self.trade(opening, now)
        return self

    def close(self, closing):
        for leg in closing:
            if leg.held:
                leg.test_protection(leg.i)
            _, _, high, low, close = leg.bars[leg.i]
            leg.mark, leg.is_open = close, False
            if leg.held:
                leg.held.closes += 1
                leg.held.best = max(leg.held.best, high) if leg.held.side > 0 else min(leg.held.best, low)
            if not self.ended:
                leg.request = leg.decide(leg.i)
                if self.at_close and leg.i == len(leg.bars) - 1:
                    leg.request = None
        if self.at_close or self.ended:
            self.trade(closing, max(leg.bars[leg.i][0] for leg in closing))
        if not self.ended and self.worth() <= 0:
            self.ended = True
            for leg in self.legs:
                leg.request = "account_at_zero" if leg.held else None
                if leg.held and leg in closing:
                    leg.leave(leg.market(leg.mark, -leg.held.side), leg.i, "account_at_zero")
        worth = self.worth()
        self.equity.append(worth)
        self.seen = len(self.trades)
        if self.threshold is not None and worth > 0:
            for leg in self.legs:
                share = leg.target_share()
                if share is not None and abs(leg.held.size * leg.mark / worth - share) > self.threshold:
                    self.due = True

    def is_over(self):
        if not self.ended or len(self.trades) != self.seen:
            return False
        return all(not leg.held or (leg.opens() is None and not leg.is_open) for leg in self.legs)

    def trade(self, here, now):
        for leg in here:
            if leg.held and leg.request:
                reason = "reverse" if leg.request in ("long", "short") else leg.request
                leg.leave(leg.market(leg.mark, -leg.held.side), leg.i, reason)
        if self.ended:
            return
        self.bring_back(here, now)
        for leg in here:
            if leg.request in ("long", "short"):
                signal = leg.i if self.at_close else leg.i - 1
                leg.enter(1 if leg.request == "long" else -1, leg.mark, leg.i, signal)

    def bring_back(self, here, now):
        period = self.period_of(now)
        # a long bar may close after a shorter one that opened later: that is no new period
        if period is not None and period > self.period:
            self.period, self.due = period, True
        concerned = [leg for leg in self.legs if leg.target_share() is not None]
        if not self.due or any(leg not in here and now <= leg.bars[-1][0] for leg in concerned):
            return
        self.due = False
        worth = self.worth()
        for adding in (False, True):
            for leg in concerned:
                if leg not in here:
                    continue
                target = leg.whole_lots(leg.target_share() * worth / leg.mark)
                change = target - leg.held.size
                if target <= 0 or abs(change) <= 1e-9 * leg.held.size or (change > 0) != adding:
                    continue
                leg.add(change) if adding else leg.sell_off(-change)
