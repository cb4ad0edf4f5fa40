"""A plan on trial: without a payment, with credits of its own, once per person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from apps.accounts.models import User, Workspace
from apps.billing.choices import ENDED, BucketSource, SubscriptionStatus
from apps.billing.errors import TrialRefused
from apps.billing.models import Plan, Subscription, TrialUse
from apps.billing.rules.addresses import mailbox_of
from apps.billing.services.applying import settle_plan
from apps.billing.services.credits import grant_credits
from apps.billing.services.entitlements import PLANS_PAGE
from apps.billing.services.telling import tell_subscription
from apps.journal.services import record


@transaction.atomic
def start_trial(workspace: Workspace, code: str, *, actor: User) -> Subscription:
    """Let the workspace try the plan `code` for its trial's days. Raises TrialRefused saying why not.

    A trial is used up by the person, by each address of theirs (however it is written) and by the workspace; it stays
    so when the account or the workspace is deleted. The digests are unique in the database, so that of any number of
    attempts at once one succeeds.
    """
    plan = Plan.objects.filter(code=code, is_current=True, is_offered=True).first()
    if plan is None or not plan.trial_days:
        raise TrialRefused(gettext("This plan cannot be tried."), field="plan", extra={"link": PLANS_PAGE})
    addresses = list(EmailAddress.objects.filter(user=actor, verified=True).values_list("email", flat=True))
    if not addresses:
        raise TrialRefused(
            gettext("Confirm your e-mail address first; the link is in the mail you got."),
            extra={"link": "/accounts/email/"},
        )
    workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    if workspace.closes_at is not None:
        raise TrialRefused(gettext("{workspace} is being closed.").format(workspace=workspace))
    mine = Subscription.objects.filter(workspace=workspace)
    if mine.exclude(status__in=ENDED).exists():
        raise TrialRefused(gettext("The workspace has a subscription already."))
    if mine.exists() or TrialUse.objects.filter(workspace_id=workspace.pk).exists():
        raise TrialRefused(
            gettext("This workspace has had a plan or a trial before. Choose a plan to go on.")
        )
    now = timezone.now()
    _use_up(workspace, list(_marks(actor, addresses)), now)
    ends = now + timedelta(days=plan.trial_days)
    subscription = Subscription.objects.create(
        workspace=workspace,
        plan=plan,
        seats=1,
        status=SubscriptionStatus.TRIALING,
        started_at=now,
        period_start=now,
        period_end=ends,
        trial_end=ends,
    )
    settle_plan(workspace)
    if plan.trial_credits:
        grant_credits(
            workspace,
            plan.trial_credits,
            key=f"trial:{subscription.uuid}",
            source=BucketSource.TRIAL,
            actor=actor,
            expires_at=ends,
            reference=f"billing.subscription:{subscription.uuid}",
        )
    record(
        actor=actor,
        workspace=workspace,
        action="billing.trial.began",
        target=subscription,
        changes={"plan": plan.code, "version": plan.version, "ends_at": ends},
    )
    tell_subscription(subscription, before="")
    return subscription


def may_try(workspace: Workspace, plan: Plan, person: User) -> bool:
    """Whether a trial would be begun, as far as can be seen; for the button."""
    if not plan.trial_days or Subscription.objects.filter(workspace=workspace).exists():
        return False
    used = [digest for _, digest in _marks(person, [person.email])]
    return not TrialUse.objects.filter(digest__in=used).exists()


def end_trials(now: datetime | None = None) -> int:
    """Take back the plans of trials whose time is over. Returns how many."""
    now = now or timezone.now()
    over = Subscription.objects.filter(gateway="", status=SubscriptionStatus.TRIALING, trial_end__lte=now)
    ended = 0
    for pk, workspace_id in list(over.values_list("pk", "workspace_id")):
        with transaction.atomic():
            workspace = Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
            changed = over.filter(pk=pk).update(
                status=SubscriptionStatus.CANCELED, ended_at=now, updated_at=now
            )
            if not changed:
                continue  # bought or ended meanwhile
            subscription = Subscription.objects.get(pk=pk)
            record(actor=None, workspace=workspace, action="billing.trial.ended", target=subscription)
            settle_plan(workspace)
            tell_subscription(subscription, before=SubscriptionStatus.TRIALING)
            ended += 1
    return ended


def _marks(person: User, addresses: list[str]) -> Iterator[tuple[str, str]]:
    """By what a person is known again: kind and digest. Nobody without our key can tell whom a digest is of."""
    yield "person", _digest("person", str(person.uuid))
    for mailbox in sorted({mailbox_of(address) for address in addresses}):
        yield "email", _digest("email", mailbox)


def _digest(mark: str, value: str) -> str:
    return salted_hmac("billing.trial", f"{mark}:{value}", algorithm="sha256").hexdigest()


def _use_up(workspace: Workspace, marks: list[tuple[str, str]], now: datetime) -> None:
    try:
        with transaction.atomic():
            TrialUse.objects.bulk_create(
                TrialUse(digest=digest, mark=mark, workspace_id=workspace.pk, began_at=now)
                for mark, digest in marks
            )
    except IntegrityError:
        raise TrialRefused(
            gettext("You have had a trial before. Each person has one, whatever address they use."),
            extra={"link": PLANS_PAGE},
        ) from None
