"""Addresses that hold no UUID where one belongs."""

from __future__ import annotations

import pytest

from apps.formulas.services import create_formula
from tests.factories import CROSS


@pytest.mark.parametrize("below", ["", "compare/?old=1", "versions/", "shares/", f"cases/{'-' * 36}/"])
def test_what_is_no_uuid_is_not_found(api, workspace, user, below):
    formula = create_formula(workspace, name="Mine", text=CROSS, actor=user)
    one = formula.uuid if below.startswith("cases") else "¢k"
    assert api.get(f"/api/v1/formulas/{one}/{below}").status_code == 404
