"""A trial: once per person, whatever they are called; with its own credits; over when its days are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.accounts.services import create_team
from apps.billing.errors import TrialRefused
from apps.billing.models import CreditBucket, Plan, Subscription, TrialUse
from apps.billing.rules.addresses import mailbox_of
from apps.billing.selectors import plan_of
from apps.billing.selectors.credits import available_of
from apps.billing.services.credits import grant_plan_credits
from apps.billing.services.revising import revise_plan
from apps.billing.services.trials import end_trials, may_try, start_trial
from apps.journal.models import Entry
from apps.notifications.models import Notice
from tests.factories import UserFactory, workspace_of

# Twenty ways to write one mailbox, as Gmail and the + of RFC 5233 read them.
ONE_MAILBOX = [
    "ann.lee@gmail.com",
    "annlee@gmail.com",
    "a.n.n.l.e.e@gmail.com",
    "A.N.N.L.E.E+x@Gmail.com",
    "ann.l.ee@gmail.com",
    "annlee@googlemail.com",
    "ann.lee@googlemail.com",
    *(f"annlee+{number}@gmail.com" for number in range(7)),
    *(f"ann.lee+trial{number}@googlemail.com" for number in range(6)),
]


@pytest.fixture
def free(user) -> Workspace:
    return workspace_of(user, "free")


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Ann.Lee+x@Gmail.com", "annlee@gmail.com"),
        ("ann.lee@example.com", "ann.lee@example.com"),
        ("ANN+a+b@Example.com", "ann@example.com"),
        ("a.b@googlemail.com", "ab@gmail.com"),
    ],
)
def test_one_mailbox_however_it_is_written(address, mailbox):
    assert mailbox_of(address) == mailbox


def test_a_trial_gives_the_plan_and_credits_of_its_own(free, user):
    grant_plan_credits(only=free)
    begun = start_trial(free, "pro", actor=user)
    assert (begun.status, begun.gateway, begun.price) == ("trialing", "", None)
    assert begun.trial_end - begun.started_at == timedelta(days=14)
    free.refresh_from_db()
    assert (free.plan_code, free.plan_version) == ("pro", 1)
    grant_plan_credits()  # of the month: Free's 50 stay, Pro's 1,000 are not there
    assert available_of(free) == 50 + 200
    bucket = CreditBucket.objects.get(workspace_id=free.pk, source="trial")
    assert bucket.expires_at == begun.trial_end
    assert Entry.objects.filter(action="billing.trial.began", workspace_id=free.pk).count() == 1
    assert Notice.objects.filter(workspace=free, event="billing.subscription.started").exists()


def test_a_trial_keeps_its_version(free, user):
    start_trial(free, "pro", actor=user)
    plan = Plan.objects.get(code="pro")
    revise_plan("pro", values={"name": "Pro 2", "capabilities": []}, limits={}, prices=[], actor=None)
    free.refresh_from_db()
    assert plan_of(free) == plan


def test_it_ends_by_itself_and_tells(free, user):
    begun = start_trial(free, "pro", actor=user)
    assert end_trials(begun.trial_end - timedelta(seconds=1)) == 0
    assert end_trials(begun.trial_end) == 1
    assert end_trials(begun.trial_end) == 0
    free.refresh_from_db()
    begun.refresh_from_db()
    assert (free.plan_code, free.plan_version, begun.status) == ("free", None, "canceled")
    assert Notice.objects.filter(workspace=free, event="billing.subscription.ended").exists()
    with pytest.raises(TrialRefused):
        start_trial(free, "pro", actor=user)
    assert not may_try(free, Plan.objects.get(code="pro"), user)


def test_a_team_does_not_give_a_second_one(free, user):
    start_trial(free, "pro", actor=user)
    team = create_team(name="Second", actor=user)
    with pytest.raises(TrialRefused, match="had a trial"):
        start_trial(team, "pro", actor=user)
    assert not may_try(team, Plan.objects.get(code="pro"), user)


def test_nor_does_handing_the_workspace_to_somebody_else(free, user):
    team = create_team(name="Team", actor=user)
    begun = start_trial(team, "pro", actor=user)
    end_trials(begun.trial_end)
    with pytest.raises(TrialRefused, match="before"):
        start_trial(team, "pro", actor=UserFactory())


def test_nor_does_a_new_account_with_the_old_address(free, user):
    start_trial(free, "pro", actor=user)
    name, domain = user.email.split("@")
    EmailAddress.objects.filter(user=user).delete()
    Workspace.objects.filter(pk=free.pk).delete()
    again = UserFactory(email=f"{name}+again@{domain}")
    with pytest.raises(TrialRefused, match="had a trial"):
        start_trial(workspace_of(again, "free"), "pro", actor=again)


def test_an_address_must_be_confirmed(free, user):
    EmailAddress.objects.filter(user=user).update(verified=False)
    with pytest.raises(TrialRefused, match="Confirm"):
        start_trial(free, "pro", actor=user)
    assert not TrialUse.objects.exists()


def test_a_plan_without_trial_days_is_bought(free, user):
    with pytest.raises(TrialRefused, match="cannot be tried"):
        start_trial(free, "enterprise", actor=user)


def test_a_digest_tells_nobody_whom_it_is_of(free, user):
    start_trial(free, "pro", actor=user)
    kept = " ".join(f"{row.digest} {row.mark}" for row in TrialUse.objects.all())
    assert user.email not in kept
    assert str(user.uuid) not in kept
    assert {row.mark for row in TrialUse.objects.all()} == {"person", "email"}


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_twenty_accounts_of_one_mailbox_at_once_one_gets_a_trial():
    people = [UserFactory(email=address) for address in ONE_MAILBOX]
    assert len({person.email for person in people}) == 20
    rooms = {person.pk: workspace_of(person, "free") for person in people}

    def attempt(person: User) -> bool:
        try:
            start_trial(rooms[person.pk], "pro", actor=person)
            return True
        except TrialRefused:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(attempt, people))
    assert won.count(True) == 1
    assert Subscription.objects.count() == 1
    assert Workspace.objects.filter(plan_code="pro").count() == 1
    assert CreditBucket.objects.filter(source="trial").count() == 1
    assert timezone.now() < Subscription.objects.get().trial_end
