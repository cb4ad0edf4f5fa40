"""What a workspace's owner is told about money: each thing once, and while a payment is overdue again and again.

A notice is queued in the transaction that makes it true; its key names what it is about, so that the same state applied
again tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.language import writing_to
from apps.accounts.models import Workspace
from apps.billing.choices import CheckoutPurpose, PaymentStatus, SubscriptionStatus
from apps.billing.events import (
    PAYMENT_FAILED,
    PAYMENT_RECEIVED,
    PAYMENT_REFUNDED,
    RENEWAL_DUE,
    SUBSCRIPTION_ENDED,
    SUBSCRIPTION_STARTED,
    TRIAL_ENDING,
)
from apps.billing.models import Checkout, Payment, Refund, Subscription
from apps.billing.rules.money import money
from apps.core.manner import day_words, written
from apps.notifications.services import Event, NewNotice, queue_notices

PAGE = "/settings/workspace/billing/"
REMIND_ON = (1, 3, 5, 7)  # days after a payment became overdue
TRIAL_WARNING = timedelta(days=3)


Tell = TypeVar("Tell", bound=Callable[..., None])


def _in_words_of_the_owner(tell: Tell) -> Tell:
    """Whoever owns the workspace of the first argument is told in their language."""

    @wraps(tell)
    def telling(about: Any, *args: Any, **kwargs: Any) -> None:
        workspace = about if isinstance(about, Workspace) else about.workspace
        with writing_to(workspace.owner):
            tell(about, *args, **kwargs)

    return cast(Tell, telling)


@_in_words_of_the_owner
def tell_payment(workspace: Workspace, payment: Payment) -> None:
    """It succeeded or failed."""
    sum_ = money(payment.amount, payment.currency)
    facts = [[gettext("Paid with"), payment.method]] if payment.method else []
    if payment.invoice is not None and payment.invoice.number:
        facts.append([gettext("Invoice"), payment.invoice.number])
    if payment.status == PaymentStatus.SUCCEEDED:
        if payment.purpose == CheckoutPurpose.CREDITS:
            pack = payment.checkout.pack if payment.checkout else None
            bought = (
                gettext("{credits:,} credits").format(credits=written(pack.credits))
                if pack
                else gettext("Credits")
            )
            text = gettext("{bought} are in your balance. They do not expire.").format(bought=bought)
        else:
            text = gettext("It pays for {subscription}.").format(
                subscription=_plan_words(payment.subscription)
            )
        _tell(
            workspace,
            PAYMENT_RECEIVED,
            f"received:{payment.uuid}",
            gettext("Payment of {sum} received").format(sum=sum_),
            text,
            facts,
            url=f"{PAGE}invoices/",
            url_words=gettext("See the invoices"),
        )
        return
    why = payment.failure or gettext("The payment was declined.")
    if payment.subscription is None:
        text = gettext("{why} Nothing was bought; try again, perhaps with another card.").format(
            why=_sentence(why)
        )
    else:
        text = gettext(
            "{why} {name} stays while the payment is tried again. See that the card works, or pay with another."
        ).format(why=_sentence(why), name=payment.subscription.plan.name)
    _tell(
        workspace,
        PAYMENT_FAILED,
        f"failed:{payment.uuid}:{_stamp(payment.made_at)}",
        gettext("The payment of {sum} failed").format(sum=sum_),
        text,
        facts,
        url_words=gettext("Put it right"),
    )


@_in_words_of_the_owner
def tell_refund(workspace: Workspace, payment: Payment, refund: Refund) -> None:
    facts = [
        [gettext("Of the payment"), money(payment.amount, payment.currency)],
        ["To", payment.method or payment.gateway],
    ]
    reason = f"{_sentence(refund.reason)} " if refund.reason else ""
    _tell(
        workspace,
        PAYMENT_REFUNDED,
        f"refunded:{refund.uuid}",
        gettext("{amount} were given back").format(amount=money(refund.amount, payment.currency)),
        gettext("{reason}Banks take up to ten days to show it.").format(reason=reason),
        facts,
        url=f"{PAGE}payments/",
        url_words=gettext("See the payments"),
    )


@_in_words_of_the_owner
def tell_subscription(subscription: Subscription, *, before: str) -> None:
    """It began (its status was `before`, empty for none), or ended."""
    workspace = subscription.workspace
    name = subscription.plan.name
    if subscription.is_over:
        if before in (SubscriptionStatus.INCOMPLETE, ""):
            return  # it never gave anything
        what = (
            "trial" if before == SubscriptionStatus.TRIALING and not subscription.gateway else "subscription"
        )
        why = gettext("The payment stayed overdue. ") if before == SubscriptionStatus.PAST_DUE else ""
        _tell(
            workspace,
            SUBSCRIPTION_ENDED,
            f"ended:{subscription.uuid}",
            gettext("Your {what} of {name} has ended").format(what=what, name=name),
            gettext(
                "{why}The workspace is on the free plan now. Nothing of yours was deleted: what is beyond the free "
                "plan waits, and works again with a plan that has it."
            ).format(why=why),
            [],
            url="/plans/",
            url_words=gettext("See the plans"),
        )
    elif before in ("", SubscriptionStatus.INCOMPLETE):
        until = subscription.trial_end or subscription.period_end
        facts = (
            [[gettext("Until") if subscription.trial_end else gettext("Renews"), day_words(until)]]
            if until
            else []
        )
        _tell(
            workspace,
            SUBSCRIPTION_STARTED,
            f"started:{subscription.uuid}",
            gettext("Your workspace is on {name}").format(name=name),
            gettext("Everything it gives can be used from now on."),
            facts,
        )


@_in_words_of_the_owner
def tell_renewal(subscription: Subscription, checkout: Checkout) -> None:
    """The next period waits to be paid, at a gateway that charges nothing by itself."""
    assert subscription.period_end is not None
    plan = checkout.price.plan.name if checkout.price else subscription.plan.name
    day = day_words(subscription.period_end.astimezone(UTC))
    _tell(
        subscription.workspace,
        RENEWAL_DUE,
        f"renewal:{checkout.uuid}",
        gettext("{plan} is paid until {day}").format(plan=plan, day=day),
        gettext(
            "Pay the next period, {amount}, to go on. It may be paid for a week after that day; then the workspace "
            "goes back to the free plan."
        ).format(amount=money(checkout.amount, checkout.currency)),
        [["Seats", f"{checkout.seats}"]] if checkout.seats > 1 else [],
        url=f"{PAGE}checkouts/{checkout.uuid}/?go=1",
        url_words=gettext("Pay now"),
    )


def remind(now: datetime | None = None) -> int:
    """Tell of payments that are overdue for 1, 3, 5 and 7 days, and of trials that end in three.

    Returns how many notices are new. A round that was missed is made up for by the latest reminder alone.
    """
    now = now or timezone.now()
    notices = []
    overdue = Subscription.objects.filter(
        status=SubscriptionStatus.PAST_DUE, past_due_since__lte=now - timedelta(days=REMIND_ON[0])
    )
    for subscription in overdue.select_related("workspace__owner", "plan"):
        assert subscription.past_due_since is not None
        days = (now - subscription.past_due_since).days
        day = max(one for one in REMIND_ON if one <= days)
        with writing_to(subscription.workspace.owner):
            notices.append(
                _notice(
                    subscription.workspace,
                    PAYMENT_FAILED,
                    f"overdue:{subscription.uuid}:{_stamp(subscription.past_due_since)}:{day}",
                    gettext("A payment for {name} is overdue").format(name=subscription.plan.name),
                    gettext(
                        "It has been for {days}. When it is given up, the workspace goes back to the free plan. Pay "
                        "now, or change the card."
                    ).format(days=_days(days)),
                    [[gettext("Overdue since"), day_words(subscription.past_due_since.astimezone(UTC))]],
                    url_words=gettext("Pay now"),
                )
            )
    ending = Subscription.objects.filter(
        status=SubscriptionStatus.TRIALING, trial_end__gt=now, trial_end__lte=now + TRIAL_WARNING
    )
    for subscription in ending.select_related("workspace__owner", "plan"):
        assert subscription.trial_end is not None
        with writing_to(subscription.workspace.owner):
            last = day_words(subscription.trial_end.astimezone(UTC), year=False)
            notices.append(
                _notice(
                    subscription.workspace,
                    TRIAL_ENDING,
                    f"trial:{subscription.uuid}:{_stamp(subscription.trial_end)}",
                    gettext("Your trial of {name} ends on {last}").format(
                        name=subscription.plan.name, last=last
                    ),
                    gettext("Then the plan is charged for the first time.")
                    if subscription.gateway and not subscription.cancel_at_period_end
                    else gettext("Then the workspace goes back to the free plan, unless you subscribe."),
                    [],
                    url_words=gettext("See the plan"),
                )
            )
    return queue_notices(notices, now=now) if notices else 0


def _tell(
    workspace: Workspace, event: Event, key: str, title: str, text: str, facts: list[list[str]], **more: str
) -> None:
    queue_notices([_notice(workspace, event, key, title, text, facts, **more)])


def _notice(
    workspace: Workspace,
    event: Event,
    key: str,
    title: str,
    text: str,
    facts: list[list[str]],
    *,
    url: str = PAGE,
    url_words: str = "",
) -> NewNotice:
    return NewNotice(
        person_id=workspace.owner_id,
        workspace_id=workspace.pk,
        event=event.name,
        key=f"billing:{key}",
        data={
            "title": title,
            "text": text,
            "facts": [[gettext("Workspace"), workspace.name], *facts],
            "url": url,
            "url_words": url_words,
        },
    )


def _plan_words(subscription: Subscription | None) -> str:
    if subscription is None:
        return gettext("your plan")
    until = subscription.period_end
    if not until:
        return str(subscription.plan.name)
    return gettext("{plan} until {day}").format(
        plan=subscription.plan.name, day=day_words(until.astimezone(UTC))
    )


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%S}"


def _days(number: int) -> str:
    return gettext("a day") if number == 1 else gettext("{number} days").format(number=number)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
