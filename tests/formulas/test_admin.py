"""Staff may look at formulas; a published version is not theirs to change or remove."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.formulas.models import Formula
from apps.formulas.services import add_case, create_formula, publish_formula
from tests.factories import CROSS, with_second_factor


@pytest.fixture
def staff(db) -> Client:
    client = Client()
    person = User.objects.create_superuser("staff@example.com", "x")
    client.force_login(person)
    return with_second_factor(client, person)


def test_lists_and_pages_open(staff, workspace, user):
    formula = create_formula(workspace, name="Cross", text=CROSS, actor=user)
    case = add_case(formula, {"name": "quiet", "bars": [1], "signals": []}, actor=user)
    version = publish_formula(formula, actor=user)
    for model, row in (("formula", formula), ("formulaversion", version), ("formulacase", case)):
        assert staff.get(reverse(f"admin:formulas_{model}_changelist"), {"q": "Cross"}).status_code == 200
        assert staff.get(reverse(f"admin:formulas_{model}_change", args=[row.pk])).status_code == 200


def test_version_goes_only_with_its_formula(staff, workspace, user):
    formula = create_formula(workspace, name="Cross", text=CROSS, actor=user)
    version = publish_formula(formula, actor=user)
    assert (
        staff.post(
            reverse("admin:formulas_formulaversion_delete", args=[version.pk]), {"post": "yes"}
        ).status_code
        == 403
    )
    staff.post(reverse("admin:formulas_formula_delete", args=[formula.pk]), {"post": "yes"})
    assert not Formula.objects.exists()
