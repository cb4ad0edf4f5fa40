"""What follows from news of people: a confirmed address gets what was shared with it, a new member needs it no more."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.db.models.signals import post_save
from django.dispatch import receiver

from apps.accounts.models import Membership
from apps.formulas.services import claim_shares, end_shares_of_member


@receiver(post_save, sender=EmailAddress)
def address_saved(sender: Any, instance: EmailAddress, **kwargs: Any) -> None:
    """Also for addresses that arrive confirmed, from Google or GitHub."""
    if instance.verified:
        claim_shares(instance.user, instance.email)


@receiver(post_save, sender=Membership)
def member_joined(sender: Any, instance: Membership, created: bool, **kwargs: Any) -> None:
    if created:
        end_shares_of_member(instance)
