"""The coupon's form in the admin says in words what the table would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from django.forms import modelform_factory

from apps.billing.amounts import CouponForm
from apps.billing.models import Coupon

FIELDS = ["code", "percent_off", "amount_off", "currency", "duration", "months", "plan_codes", "most_uses"]
GOOD = {"code": "SPRING-20", "percent_off": "20", "duration": "once", "plan_codes": "[]"}
FORM = modelform_factory(Coupon, form=CouponForm, fields=FIELDS)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, None),
        ({"percent_off": "", "amount_off": "5.00", "currency": "USD"}, None),
        ({"duration": "repeating", "months": "3"}, None),
        ({"code": "lower case"}, "code"),
        ({"percent_off": "200"}, "percent_off"),
        ({"percent_off": ""}, "percent_off"),
        ({"amount_off": "5.00", "currency": "USD"}, "percent_off"),
        ({"currency": "USD"}, "percent_off"),
        ({"percent_off": "", "amount_off": "5.00"}, "currency"),
        ({"duration": "repeating"}, "months"),
        ({"months": "3"}, "months"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(wrong: dict[str, Any], field: str | None):
    form = FORM({**GOOD, **wrong})
    form.is_valid()
    assert set(form.errors) == ({field} if field else set())
