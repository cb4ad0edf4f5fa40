"""What a month brought and what it cost: signals, profit, fees, the price of the platform, and whether less would do.

Nothing is converted: money of different currencies stands apart. Profit on paper is simulated, and is never added to
what was earned live.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil

from django.db.models import Count, F, Q, Sum

from apps.accounts.models import Workspace
from apps.accounts.selectors import members_of
from apps.billing.choices import Interval, LedgerKind, PaymentStatus, Period
from apps.billing.models import LedgerTransaction, Payment, Plan, PlanLimit, Refund, UsageDay
from apps.billing.selectors import plan_of
from apps.billing.selectors.usage import usage_between
from apps.billing.services.usage import usage_meters
from apps.bots.choices import BotState
from apps.bots.models import Bot
from apps.signals.models import Signal, SignalOutcome
from apps.trading.choices import AccountKind
from apps.trading.models import Fill

USEFUL_AFTER = 14_400  # a signal was useful if the price had gone its way four hours later


@dataclass(frozen=True)
class Traded:
    """Fills of a month in one currency, live or on paper. `realised` is before fees."""

    currency: str
    is_paper: bool
    fills: int
    realised: Decimal
    fees: Decimal

    @property
    def net(self) -> Decimal:
        return self.realised - self.fees


@dataclass(frozen=True)
class Advice:
    """A smaller plan that would have been enough for the month, and what it lacks all the same."""

    plan: Plan
    lacks: list[str]
    saves: int | None  # minor units a month, where both are priced in the currency
    currency: str


@dataclass(frozen=True)
class Receipt:
    """Of one workspace and calendar month, UTC. `costs` are minor units by currency, refunds taken off."""

    month: date
    is_over: bool
    signals: int
    measured: int
    useful: int
    trades: list[Traded]
    costs: dict[str, int]
    credits: int
    usage: dict[str, int]
    advice: Advice | None = field(default=None)

    @property
    def cost_per_useful(self) -> dict[str, int] | None:
        """Minor units by currency, rounded up; None without a useful signal."""
        if not self.useful:
            return None
        return {currency: ceil(Fraction(amount, self.useful)) for currency, amount in self.costs.items()}

    @property
    def is_empty(self) -> bool:
        return not (self.signals or self.trades or self.costs or self.credits or self.usage)

    @property
    def used(self) -> list[tuple[str, int]]:
        """Words and amount of every meter that was used."""
        return [(words, self.usage[name]) for name, words in usage_meters().items() if self.usage.get(name)]


def month_of(text: str) -> date | None:
    """The first day of "2026-03"; None for what is no month."""
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  a month has no time zone
    except ValueError:
        return None


def next_month(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def receipt_of(workspace: Workspace, month: date, *, today: date | None = None) -> Receipt:
    """The receipt of a month; of the present one it says what is known so far, and advises nothing."""
    today = today or datetime.now(UTC).date()
    until = next_month(month)
    since_at, until_at = (datetime(one.year, one.month, 1, tzinfo=UTC) for one in (month, until))
    within = {"at__gte": since_at, "at__lt": until_at}
    signals = Signal.objects.filter(
        workspace=workspace, is_test=False, received_at__gte=since_at, received_at__lt=until_at
    )
    outcomes = SignalOutcome.objects.filter(signal__in=signals, horizon_s=USEFUL_AFTER, reason="")
    found = outcomes.aggregate(measured=Count("id"), useful=Count("id", filter=Q(change__gt=0)))
    usage = usage_between(workspace, month, until - timedelta(days=1))
    spent = _credits_spent(workspace, since_at, until_at)
    is_over = today >= until
    return Receipt(
        month=month,
        is_over=is_over,
        signals=signals.count(),
        measured=found["measured"],
        useful=found["useful"],
        trades=[
            Traded(
                row["currency"], row["kind"] == AccountKind.PAPER, row["fills"], row["realised"], row["fees"]
            )
            for row in Fill.objects.filter(book__workspace=workspace, **within)
            .values(currency=F("book__currency"), kind=F("book__account__kind"))
            .annotate(fills=Count("id"), realised=Sum("realised"), fees=Sum("fee"))
            .order_by("kind", "currency")
        ],
        costs=_costs(workspace, since_at, until_at),
        credits=spent,
        usage=usage,
        advice=_advice(workspace, month, until, spent) if is_over else None,
    )


def _costs(workspace: Workspace, since: datetime, until: datetime) -> dict[str, int]:
    """What was paid to us, less what went back, by currency; a currency that comes to nothing is left out."""
    paid = Payment.objects.filter(
        workspace_id=workspace.pk, status=PaymentStatus.SUCCEEDED, paid_at__gte=since, paid_at__lt=until
    )
    back = Refund.objects.filter(
        payment__workspace_id=workspace.pk, status="succeeded", made_at__gte=since, made_at__lt=until
    )
    sums: dict[str, int] = dict(paid.values_list("currency").annotate(Sum("amount")).order_by("currency"))
    for currency, amount in back.values_list("payment__currency").annotate(Sum("amount")).order_by():
        sums[currency] = sums.get(currency, 0) - amount
    return {currency: amount for currency, amount in sums.items() if amount}


def _credits_spent(workspace: Workspace, since: datetime, until: datetime) -> int:
    """As `use_by_day` of billing counts them: what was settled, less what was refunded."""
    rows = LedgerTransaction.objects.filter(
        workspace_id=workspace.pk, created_at__gte=since, created_at__lt=until
    )
    settled = rows.filter(kind=LedgerKind.SETTLE).aggregate(sum=Sum(F("amount") - F("change")))["sum"]
    refunded = rows.filter(kind=LedgerKind.REFUND).aggregate(sum=Sum("amount"))["sum"]
    return (settled or 0) - (refunded or 0)


def _advice(workspace: Workspace, month: date, until: date, credits: int) -> Advice | None:
    """The smallest plan that would have been enough for what was counted, if it is smaller than the present one."""
    own = plan_of(workspace)
    offered = Q(is_current=True, is_offered=True, rank__lt=own.rank)
    plans = Plan.objects.filter(offered | Q(pk=own.pk)).order_by("rank")
    *smaller, own = plans.prefetch_related("limits", "prices")
    needs = _needs(workspace, month, until)
    for plan in smaller:
        limits = {limit.meter: limit for limit in plan.limits.all()}
        enough = plan.monthly_credits >= credits and all(
            _fits(limits.get(meter), amounts) for meter, amounts in needs.items()
        )
        if enough:
            lacks = sorted(set(own.capabilities) - set(plan.capabilities))
            saves, currency = _saving(own, plan)
            return Advice(
                plan, [one.removeprefix("can.").replace("_", " ") for one in lacks], saves, currency
            )
    return None


def _fits(limit: PlanLimit | None, amounts: dict[str, int]) -> bool:
    """Whether a plan's limit (none: the plan has nothing of it) would have been enough."""
    return limit is not None and (limit.amount is None or amounts[limit.period] <= limit.amount)


def _needs(workspace: Workspace, month: date, until: date) -> dict[str, dict[str, int]]:
    """Of each meter that was used: the most on a day, in the month, and at any time."""
    days = UsageDay.objects.filter(workspace=workspace, meter="backtests", day__gte=month, day__lt=until)
    amounts = list(days.values_list("amount", flat=True))
    bots = Bot.objects.filter(workspace=workspace).exclude(state=BotState.ARCHIVED).count()
    members = members_of(workspace).count()
    needs: dict[str, dict[str, int]] = {
        "backtests": {Period.DAY: max(amounts, default=0), Period.MONTH: sum(amounts)},
        "bots": {Period.TOTAL: bots},
        "seats": {Period.TOTAL: members if members > 1 else 0},
    }
    return {
        meter: {period: amounts.get(period, 0) for period in Period.values}
        for meter, amounts in needs.items()
        if any(amounts.values())
    }


def _saving(own: Plan, smaller: Plan) -> tuple[int | None, str]:
    """What a month costs less, where both have a price of a month in one currency; a plan without prices is free."""
    ours, theirs = _monthly(own), _monthly(smaller)
    shared = sorted(ours.keys() & theirs.keys() if theirs else ours.keys(), reverse=True)
    if not shared:
        return None, ""
    return ours[shared[0]] - theirs.get(shared[0], 0), shared[0]


def _monthly(plan: Plan) -> dict[str, int]:
    """Prices of a month by currency."""
    return {one.currency: one.amount for one in plan.prices.all() if one.interval == Interval.MONTH}
