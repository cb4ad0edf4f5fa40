"""Whoever leaves is not charged again: the subscription ends with its period, and at once on the last day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.billing.models import Subscription
from apps.billing.services.subscriptions import end_those_of_leavers
from tests.billing.furnish import subscribe
from tests.factories import UserFactory, workspace_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(stripe_double) -> Workspace:
    """A person's workspace with a subscription to Pro."""
    workspace = workspace_of(UserFactory())
    subscribe(workspace, stripe_double, actor=workspace.owner)
    return workspace


def how(workspace: Workspace) -> tuple[str, bool]:
    subscription = Subscription.objects.get(workspace=workspace)
    return subscription.status, subscription.cancel_at_period_end


def erase_in(workspace: Workspace, **time: int) -> None:
    User.objects.filter(pk=workspace.owner_id).update(erase_at=timezone.now() + timedelta(**time))


def test_who_stays_goes_on(payer):
    assert end_those_of_leavers() == 0
    assert how(payer) == ("active", False)


def test_a_person_who_deletes_the_account(payer):
    erase_in(payer, days=14)
    assert end_those_of_leavers() == 1
    assert how(payer) == ("active", True)
    assert end_those_of_leavers() == 0  # once is enough
    erase_in(payer, hours=20)
    assert end_those_of_leavers() == 1
    assert how(payer)[0] == "canceled"
    assert end_those_of_leavers() == 0


def test_a_workspace_that_is_closed(payer):
    Workspace.objects.filter(pk=payer.pk).update(closes_at=timezone.now() + timedelta(days=10))
    assert end_those_of_leavers() == 1
    assert how(payer) == ("active", True)


def test_a_gateway_that_is_away_is_asked_again(payer, stripe_double):
    erase_in(payer, days=14)
    stripe_double.outage(20)
    assert end_those_of_leavers() == 0
    assert how(payer) == ("active", False)
    stripe_double.outage(0)
    assert end_those_of_leavers() == 1
