"""Coupons: who may use one, what it takes off, and that it is used no more often than it may."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext

from apps.accounts.models import Workspace
from apps.billing.choices import CheckoutStatus
from apps.billing.errors import CouponRefused
from apps.billing.models import Checkout, Coupon, CouponUse, PlanPrice
from apps.core.manner import day_words


def coupon_for(workspace: Workspace, code: str, price: PlanPrice) -> Coupon:
    """The coupon that somebody typed, if this workspace may use it for this price. Raises CouponRefused saying why."""
    coupon = Coupon.objects.filter(code=code.strip().upper()).first()
    if coupon is None or not coupon.is_active:
        raise CouponRefused(
            gettext("There is no coupon {value!r}.").format(value=code.strip().upper()[:40]), field="coupon"
        )
    if coupon.ends_at is not None and coupon.ends_at <= timezone.now():
        raise CouponRefused(
            gettext("This coupon ended on {ends_at}.").format(ends_at=day_words(coupon.ends_at)),
            field="coupon",
        )
    if coupon.plan_codes and price.plan.code not in coupon.plan_codes:
        raise CouponRefused(
            gettext("This coupon is for {join}, not for {name}.").format(
                join=" and ".join(sorted(coupon.plan_codes)), name=price.plan.name
            ),
            field="coupon",
        )
    if coupon.currency and coupon.currency != price.currency:
        raise CouponRefused(
            gettext("This coupon is in {currency}; the price is in {currency_2}.").format(
                currency=coupon.currency, currency_2=price.currency
            ),
            field="coupon",
        )
    if _used(coupon, workspace):
        raise CouponRefused(gettext("This workspace has used this coupon before."), field="coupon")
    if coupon.most_uses is not None and coupon.uses >= coupon.most_uses:
        raise CouponRefused(gettext("This coupon has been used as often as it could be."), field="coupon")
    return coupon


def discount_of(coupon: Coupon | None, amount: int) -> int:
    """Minor units that a coupon takes off an amount; a half is rounded up, never more than the amount."""
    if coupon is None:
        return 0
    if coupon.percent_off is not None:
        return (amount * coupon.percent_off * 2 + 100) // 200
    return min(amount, coupon.amount_off or 0)


@transaction.atomic
def use_coupon(checkout: Checkout) -> None:
    """Count the coupon of a new checkout as used, until the checkout expires unpaid. Raises CouponRefused."""
    if checkout.coupon is None:
        return
    try:
        with transaction.atomic():
            _, is_new = CouponUse.objects.get_or_create(coupon=checkout.coupon, workspace=checkout.workspace)
            if is_new:
                Coupon.objects.filter(pk=checkout.coupon.pk).update(uses=F("uses") + 1)
    except IntegrityError as error:  # billing_coupon_most_uses: somebody else was quicker
        raise CouponRefused(
            gettext("This coupon has been used as often as it could be."), field="coupon"
        ) from error


def free_coupon(checkout: Checkout) -> None:
    """The checkout came to nothing: its coupon may be used again, unless another checkout of it waits or was paid."""
    if checkout.coupon is None:
        return
    others = Checkout.objects.filter(
        workspace=checkout.workspace,
        coupon=checkout.coupon,
        status__in=[CheckoutStatus.OPEN, CheckoutStatus.COMPLETE],
    ).exclude(pk=checkout.pk)
    if others.exists():
        return
    gone, _ = CouponUse.objects.filter(coupon=checkout.coupon, workspace=checkout.workspace).delete()
    if gone:
        Coupon.objects.filter(pk=checkout.coupon.pk).update(uses=F("uses") - 1)


def _used(coupon: Coupon, workspace: Workspace) -> bool:
    """Whether a paid checkout has used it; one that only waits is replaced by the next."""
    return Checkout.objects.filter(
        workspace=workspace, coupon=coupon, status=CheckoutStatus.COMPLETE
    ).exists()
