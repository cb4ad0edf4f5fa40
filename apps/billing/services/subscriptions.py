"""Changing a subscription: asked of the gateway, whose answer is applied at once. Its webhook then changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.choices import WorkspaceKind
from apps.accounts.models import User, Workspace
from apps.billing.choices import ENDED, SubscriptionStatus
from apps.billing.errors import BillingRefused
from apps.billing.gateways.base import Gateway
from apps.billing.gateways.registry import gateway
from apps.billing.gateways.states import Preview, State
from apps.billing.models import GatewayCustomer, PlanPrice, Subscription
from apps.billing.services.applying import apply_states, settle_plan
from apps.billing.services.checkouts import alive_subscription, seats_for
from apps.billing.services.gateway_events import subject_locked, subject_of
from apps.core.errors import DomainError
from apps.core.words import gettext_lazy
from apps.journal.services import record

log = structlog.get_logger(__name__)

LONGEST_REASON = 300
LAST_DAY = timedelta(hours=25)
LEFT = gettext_lazy("The workspace is being deleted.")


def preview_change(workspace: Workspace, price: PlanPrice, *, seats: int | None = None) -> Preview:
    """What changing to this price and these seats would cost now. Raises BillingRefused, GatewayUnreachable."""
    subscription = paid_subscription(workspace)
    seats = _checked(subscription, price, seats)
    return gateway(subscription.gateway).preview(subscription, price, seats)


def change_subscription(
    workspace: Workspace,
    price: PlanPrice,
    *,
    actor: User,
    shown_at: datetime,
    seats: int | None = None,
) -> Subscription:
    """Change plan, interval or seats, prorated as the preview of `shown_at` showed it."""
    subscription = paid_subscription(workspace)
    seats = _checked(subscription, price, seats)
    before = {
        "price": subscription.price.lookup_key if subscription.price else "",
        "seats": subscription.seats,
    }
    _carry_out(
        subscription,
        lambda provider: provider.change(subscription, price, seats, shown_at=shown_at),
        actor=actor,
        action="billing.subscription.change_asked",
        changes={"price": [before["price"], price.lookup_key], "seats": [before["seats"], seats]},
    )
    return subscription


def cancel_subscription(
    workspace: Workspace, *, actor: User, reason: str = "", at_period_end: bool = True
) -> Subscription:
    """End it with the paid period, or at once. Raises BillingRefused when there is none, or it ends already."""
    subscription = alive_subscription(workspace)
    if subscription is None:
        raise BillingRefused(gettext("The workspace has no subscription to cancel."))
    if subscription.cancel_at_period_end and at_period_end:
        raise BillingRefused(gettext("The subscription ends with its period already."))
    subscription.cancel_reason = " ".join(reason.split())[:LONGEST_REASON]
    subscription.save(update_fields=["cancel_reason", "updated_at"])
    _carry_out(
        subscription,
        lambda provider: provider.cancel(subscription, at_period_end=at_period_end),
        actor=actor,
        action="billing.subscription.cancel_asked",
        changes={"at_period_end": at_period_end},
        personal={"reason": subscription.cancel_reason} if subscription.cancel_reason else None,
    )
    return subscription


def resume_subscription(workspace: Workspace, *, actor: User) -> Subscription:
    """Take back a cancellation at the period's end. Raises BillingRefused when there is nothing to take back."""
    subscription = paid_subscription(workspace)
    if not subscription.cancel_at_period_end:
        raise BillingRefused(gettext("The subscription goes on: nothing was cancelled."))
    _carry_out(
        subscription,
        lambda provider: provider.resume(subscription),
        actor=actor,
        action="billing.subscription.resume_asked",
        changes={},
    )
    return subscription


def portal_url(workspace: Workspace, *, return_url: str) -> str:
    """The gateway's own page for cards and papers. Raises BillingRefused where there is none."""
    for customer in GatewayCustomer.objects.filter(workspace=workspace).order_by("-updated_at"):
        provider = gateway(customer.gateway)
        if provider.has_portal and provider.is_ready():
            return provider.portal_url(customer, return_url=return_url)
    raise BillingRefused(
        gettext("There is no payment account yet: it begins with the first purchase by card.")
    )


def paid_subscription(workspace: Workspace) -> Subscription:
    """The subscription that can be changed. Raises BillingRefused when there is none, or it is not paid."""
    subscription = alive_subscription(workspace)
    if subscription is None or not subscription.gateway:
        raise BillingRefused(gettext("The workspace has no paid subscription. Choose a plan first."))
    if subscription.status not in (
        SubscriptionStatus.ACTIVE,
        SubscriptionStatus.TRIALING,
        SubscriptionStatus.PAST_DUE,
    ):
        raise BillingRefused(
            gettext("The subscription cannot be changed: {lower}.").format(
                lower=subscription.get_status_display().lower()
            )
        )
    return subscription


def _checked(subscription: Subscription, price: PlanPrice, seats: int | None) -> int:
    """The seats, if the change makes sense."""
    if subscription.status == SubscriptionStatus.PAST_DUE:
        raise BillingRefused(gettext("A payment is overdue. Pay it first; then the plan can be changed."))
    mine = subscription.price_id == price.pk
    if not mine and not (price.is_active and price.plan.is_current and price.plan.is_offered):
        raise BillingRefused(gettext("This price is not sold any more. Choose another."), field="price")
    if price.currency != subscription.currency:
        raise BillingRefused(
            gettext("The subscription is paid in {currency}; a change of currency needs a new one.").format(
                currency=subscription.currency
            ),
            field="price",
        )
    seats = seats_for(subscription.workspace, price, seats)
    if mine and seats == subscription.seats:
        raise BillingRefused(gettext("This is what the workspace has already."), field="price")
    return seats


def _carry_out(
    subscription: Subscription,
    ask: Callable[[Gateway], list[State]],
    *,
    actor: User,
    action: str,
    changes: dict[str, Any],
    personal: dict[str, Any] | None = None,
) -> None:
    """Ask the gateway under the subject's lock, apply what it answers, and write down who wanted it."""
    with transaction.atomic():
        record(
            actor=actor,
            workspace=subscription.workspace,
            action=action,
            target=subscription,
            changes=changes,
            personal=personal,
            subject=actor if personal else None,
        )
        if not subscription.gateway:
            _end_trial(subscription)
        else:
            subject = subject_of(subscription.workspace_id, subscription.gateway, subscription.external_id)
            with subject_locked(subscription.gateway, subject):
                apply_states(subscription.gateway, ask(gateway(subscription.gateway)))
    subscription.refresh_from_db()


def _end_trial(subscription: Subscription) -> None:
    """A trial has nobody to ask."""
    subscription.status = SubscriptionStatus.CANCELED
    subscription.ended_at = timezone.now()
    subscription.save(update_fields=["status", "ended_at", "updated_at"])
    settle_plan(subscription.workspace)


def end_those_of_leavers() -> int:
    """Workspaces that are being closed, or whose person deletes the account, are not charged again.

    Their subscription ends with its period, and at once on the last day before the deletion, after which nobody could
    end it. Returns how many were cancelled now; what the gateway could not do is asked again in the next round.
    """
    soon = timezone.now() + LAST_DAY
    leaving = (
        Subscription.objects.filter(
            Q(workspace__closes_at__isnull=False)
            | Q(workspace__kind=WorkspaceKind.PERSONAL, workspace__owner__erase_at__isnull=False)
        )
        .exclude(gateway="")
        .exclude(status__in=[*ENDED, SubscriptionStatus.INCOMPLETE])
        .select_related("workspace__owner")
    )
    done = 0
    for subscription in leaving:
        workspace = subscription.workspace
        leaves_at = min(filter(None, (workspace.closes_at, workspace.owner.erase_at)))
        is_last_day = leaves_at <= soon
        if subscription.cancel_at_period_end and not is_last_day:
            continue
        try:
            cancel_subscription(workspace, actor=workspace.owner, reason=LEFT, at_period_end=not is_last_day)
        except DomainError as error:
            log.error("subscription_of_leaver_goes_on", workspace=workspace.pk, trouble=error.message)
            continue
        done += 1
    return done
