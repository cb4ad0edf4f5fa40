"""A slow simulator, written from docs/fills.md alone, to hold the fast one against.

It shares no code with `apps.engine.sim` beyond the condition bits; where the order of floating-point operations
matters, docs/fills.md ("Arithmetic") fixes it, and this follows the page.
"""

import math
from collections import Counter

DAY_MS = 86_400_000.0
LONG, SHORT, EXIT_LONG, EXIT_SHORT, EXIT = 1, 2, 4, 8, 16


class Held:
    """An open position."""

    def __init__(self, side, size, price, fee, index):
        self.side, self.size, self.price, self.fee, self.index = side, size, price, fee, index
        self.carry = 0.0
        self.closes = 0
        self.best = price
        self.stop = self.target = self.trail_distance = None


class ReferenceSimulator:
    """bars: list of (time, open, high, low, close); orders, params: as in apps.engine.sim.spec.

    finer: for each bar a list of (open, high, low), or None. `met` counts how often each rule decided something.
    """

    def __init__(self, bars, orders, params, finer=None):
        self.bars, self.orders, self.params, self.finer = bars, orders, params, finer
        self.cash = params.cash
        self.fees = 0.0
        self.held = None
        self.trades = []
        self.equity = []
        self.counts = {"ambiguous_bars": 0, "conflicting_bars": 0, "dropped_requests": 0, "cut_sizes": 0}
        self.ended = False
        self.met = Counter()

    def run(self):
        request = None
        for i, bar in enumerate(self.bars):
            _, opening, high, low, close = bar
            self.pay_carry(i)
            if self.params.fill == "next_open":
                self.carry_out(request, opening, i, signal=i - 1)
            protected = self.held is not None and self.test_protection(i)
            if self.held:
                self.held.closes += 1
                best = self.held.best
                self.held.best = max(best, high) if self.held.side > 0 else min(best, low)
            request = self.decide(i)
            self.met["2: after a stop the same close asks again"] += protected and request is not None
            self.met["1: a request on the last bar"] += request is not None and i == len(self.bars) - 1
            if self.params.fill == "close" and i < len(self.bars) - 1:
                self.carry_out(request, close, i, signal=i)
            if self.worth(close) <= 0:
                self.met["10: ended while flat" if self.held is None else "10: ended and closed"] += 1
                if self.held:
                    self.leave(self.market(close, -self.held.side), i, "account_at_zero")
                self.ended = True
            self.equity.append(self.worth(close))
            if self.ended:
                break
        self.met["1: open after the last bar"] += self.held is not None
        return self

    # Rule 6: what this close asks for.
    def decide(self, i):
        flags = int(self.orders.flags[i])
        asks_long, asks_short = bool(flags & LONG), bool(flags & SHORT)
        if asks_long and asks_short:
            self.counts["conflicting_bars"] += 1
            asks_long = asks_short = False
        n = self.orders.exit_after
        timed = self.held is not None and n is not None and self.held.closes >= n
        exit_long = bool(flags & (EXIT_LONG | EXIT))
        exit_short = bool(flags & (EXIT_SHORT | EXIT))
        holder = "flat" if self.held is None else "a holder"
        self.met[f"6: exit beats entry, {holder}"] += (asks_long and exit_long) or (asks_short and exit_short)
        self.met["6: exit beside both sides"] += bool(
            flags & LONG and flags & SHORT and (exit_long or exit_short)
        )
        self.met["2: exit after N stands against an entry"] += timed and (asks_long or asks_short)
        if exit_long or timed:
            asks_long = False
        if exit_short or timed:
            asks_short = False
        side = self.held.side if self.held else 0
        entry = 1 if asks_long and side <= 0 else -1 if asks_short and side >= 0 else 0
        self.met["7: asked again for the side held"] += entry == 0 and (asks_long or asks_short)
        if entry:
            for protection in (self.orders.stop, self.orders.target, self.orders.trail):
                if protection and protection.kind == "by" and not protection.series[i] > 0:
                    self.counts["dropped_requests"] += 1
                    self.met[
                        "3: by is na" if math.isnan(protection.series[i]) else "3: by is not positive"
                    ] += 1
                    self.met["3: by dropped a flip"] += side != 0
                    entry = 0
                    break
        if entry:
            return "long" if entry > 0 else "short"
        if (side > 0 and exit_long) or (side < 0 and exit_short):
            return "exit"
        return "exit_after" if timed else None

    def carry_out(self, request, price, i, signal):
        if request is None:
            return
        self.met[f"1: filled at {self.params.fill}"] += 1
        if self.held:
            reason = "reverse" if request in ("long", "short") else request
            self.leave(self.market(price, -self.held.side), i, reason)
        if request in ("long", "short"):
            self.enter(1 if request == "long" else -1, price, i, signal)

    # Rules 3 and 9.
    def enter(self, side, market_price, i, signal):
        price = self.market(market_price, side)
        levels = {}
        for name, away in (("stop", -side), ("target", side)):
            protection = getattr(self.orders, name)
            levels[name] = None
            if protection and protection.kind == "percent":
                levels[name] = price * (1.0 + away * protection.value)
            elif protection and protection.kind == "by":
                levels[name] = price + away * protection.series[signal]
        stop_price = levels["stop"]
        if self.orders.stop and self.orders.stop.kind == "at":
            stop_price = self.orders.stop.series[signal]
        size = self.size(side, price, stop_price)
        if size is None:
            self.counts["dropped_requests"] += 1
            return
        self.met[f"9: size {self.orders.size.kind}"] += 1
        notional = size * price
        fee = notional * self.params.fee
        self.cash = self.cash - side * notional - fee
        self.fees = self.fees + fee
        self.held = Held(side, size, price, fee, i)
        self.held.stop, self.held.target = levels["stop"], levels["target"]
        if self.params.fill == "close":
            self.held.closes = 1
        if self.orders.trail and self.orders.trail.kind == "by":
            self.held.trail_distance = self.orders.trail.series[signal]

    def size(self, side, price, stop_price):
        equity, params, size = self.cash, self.params, self.orders.size
        if price <= 0 or equity <= 0:
            self.met["9: nothing to spend"] += 1
            return None
        unit_cost = price * (1.0 + params.fee)
        if size.kind == "percent":
            units = size.value * equity / unit_cost
        elif size.kind == "quote":
            units = size.value / unit_cost
        elif size.kind == "units":
            units = size.value
        else:
            if math.isnan(stop_price):
                self.met["9: risk without a stop"] += 1
                return None
            distance = side * (price - stop_price)
            if distance <= 0:
                self.met["9: risk with a stop on the winning side"] += 1
                return None
            units = size.value * equity / distance
        was_cut = units > equity / unit_cost
        if was_cut:
            units = equity / unit_cost
        units = self.whole_lots(units)
        self.met["9: less than a lot"] += units <= 0
        self.met["9: below min_size"] += 0 < units < params.min_size
        self.met["9: below min_notional"] += 0 < units * price < params.min_notional
        if units <= 0 or units < params.min_size or units * price < params.min_notional:
            return None
        self.counts["cut_sizes"] += was_cut
        return units

    def leave(self, price, i, reason):
        held = self.held
        notional = held.size * price
        fee = notional * self.params.fee
        self.cash = self.cash + held.side * notional - fee
        self.fees = self.fees + fee
        pnl = held.side * (price - held.price) * held.size - held.fee - fee - held.carry
        self.trades.append(
            {"side": held.side, "entry_index": held.index, "exit_index": i, "entry_price": held.price,
             "exit_price": price, "size": held.size, "entry_fee": held.fee, "exit_fee": fee,
             "carry": held.carry, "pnl": pnl, "reason": reason}
        )  # fmt: skip
        self.held = None

    # Rules 3, 4 and 5.
    def test_protection(self, i):
        _, opening, high, low, _ = self.bars[i]
        held, orders = self.held, self.orders
        stop, reason = held.stop, "stop_loss"
        for name in ("stop", "target"):
            each = getattr(orders, name)
            self.met[f"3: {name} at is na"] += bool(
                each and each.kind == "at" and math.isnan(each.series[i - 1])
            )
        if orders.stop and orders.stop.kind == "at":
            stop = None if i == 0 or math.isnan(orders.stop.series[i - 1]) else orders.stop.series[i - 1]
        if orders.trail:
            if orders.trail.kind == "percent":
                trail = held.best * (1.0 - held.side * orders.trail.value)
            else:
                trail = held.best - held.side * held.trail_distance
            if stop is None or (trail > stop if held.side > 0 else trail < stop):
                stop, reason = trail, "trailing_stop"
            which = "the trail" if reason == "trailing_stop" else "the stop"
            self.met[f"5: {which} is nearer"] += orders.stop is not None
        target = held.target
        if orders.target and orders.target.kind == "at":
            target = None if math.isnan(orders.target.series[i - 1]) else orders.target.series[i - 1]

        opened_past_stop = self.is_stop_reached(stop, opening, opening)
        opened_past_target = self.is_target_reached(target, opening, opening)
        side = "long" if held.side > 0 else "short"
        if opened_past_stop:
            self.counts["ambiguous_bars"] += opened_past_target
            self.met["4: opened past both"] += opened_past_target
            self.met[f"3: {side}, gap through the stop"] += 1
            self.leave(self.market(opening, -held.side), i, reason)
            return True
        if opened_past_target:
            self.met[f"3: {side}, gap through the target"] += 1
            self.leave(self.on_tick(opening, -held.side), i, "take_profit")
            return True
        takes_stop = self.is_stop_reached(stop, high, low)
        takes_target = self.is_target_reached(target, high, low)
        if takes_stop and takes_target:
            takes_stop = self.stop_is_first(i, stop, target)
        if not (takes_stop or takes_target):
            return False
        self.met["2: protected on the entry's own bar"] += held.index == i
        if takes_stop:
            name, kind = ("stop", orders.stop.kind) if reason == "stop_loss" else ("trail", orders.trail.kind)
            self.met["5: the trail had followed the price"] += name == "trail" and held.best != held.price
            self.leave(self.market(stop, -held.side), i, reason)
        else:
            name, kind = "target", orders.target.kind
            self.met["8: a target does not slip"] += self.params.slippage_bps > 0
            self.leave(self.on_tick(target, -held.side), i, "take_profit")
        self.met[f"3: {side}, {name} {kind}"] += 1
        return True

    def stop_is_first(self, i, stop, target):
        parts = self.finer[i] if self.finer else []
        self.met["4: both touched" + (", finer bars at hand" if parts else "")] += 1
        for opening, high, low in parts:
            if self.is_stop_reached(stop, opening, opening):
                self.met["4: a finer bar opens past the stop"] += 1
                return True
            if self.is_target_reached(target, opening, opening):
                self.met["4: a finer bar opens past the target"] += 1
                return False
            stop_hit = self.is_stop_reached(stop, high, low)
            target_hit = self.is_target_reached(target, high, low)
            if stop_hit and target_hit:
                self.met["4: both in one finer bar"] += 1
                break
            if stop_hit or target_hit:
                self.met["4: a finer bar touches the " + ("stop" if stop_hit else "target")] += 1
                return stop_hit
        self.counts["ambiguous_bars"] += 1
        return True

    def is_stop_reached(self, stop, high, low):
        if stop is None:
            return False
        return low <= stop if self.held.side > 0 else high >= stop

    def is_target_reached(self, target, high, low):
        if target is None:
            return False
        return high >= target if self.held.side > 0 else low <= target

    # Rule 8.
    def market(self, price, side):
        return self.on_tick(price * (1.0 + side * (self.params.slippage_bps / 10_000.0)), side)

    def on_tick(self, price, side):
        if not self.params.tick:
            return price
        steps = price / self.params.tick
        if abs(steps - round(steps)) <= 1e-9 * max(1.0, abs(steps)):
            self.met["8: on the tick"] += 1
            return price
        self.met["8: moved to the tick"] += 1
        return (math.ceil(steps) if side > 0 else math.floor(steps)) * self.params.tick

    def whole_lots(self, units):
        if not self.params.lot:
            return units
        steps = units / self.params.lot
        if abs(steps - round(steps)) <= 1e-9 * max(1.0, abs(steps)):
            self.met["8: on the lot"] += 1
            return units
        self.met["8: cut to the lot"] += 1
        return math.floor(steps) * self.params.lot

    # Rule 10.
    def pay_carry(self, i):
        if i and self.held:
            borrow, funding = self.params.borrow_per_day, self.params.funding_per_day
            rate = funding if self.held.side > 0 else borrow - funding
            days = (self.bars[i][0] - self.bars[i - 1][0]) / DAY_MS
            cost = self.held.size * self.bars[i - 1][4] * rate * days
            self.cash -= cost
            self.held.carry += cost
            who = "a long" if self.held.side > 0 else "a short"
            self.met[f"10: {who} pays carry"] += cost > 0
            self.met[f"10: {who} receives carry"] += cost < 0
            self.met["10: carry over missing days"] += cost != 0 and days > 1

    # Rule 11.
    def worth(self, close):
        return self.cash + (self.held.side * self.held.size if self.held else 0.0) * close
