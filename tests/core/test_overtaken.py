"""A page that shows an old version does not overwrite the new one unseen."""

from __future__ import annotations

import re

from apps.formulas.models import Formula
from apps.formulas.services import create_formula, save_formula
from tests.factories import CROSS


def seen_on(page) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]+)"', page.content.decode())
    assert found
    return found.group(1)


def test_a_draft_changed_meanwhile_is_shown_and_then_replaced_knowingly(web, user, workspace):
    formula = create_formula(workspace, name="Cross", text=CROSS, actor=user)
    address = f"/formulas/{formula.uuid}/"
    mine = {"name": "Mine", "text": "long when close > open", "seen": seen_on(web.get(address))}
    save_formula(formula, name="Cross", text="long when close > 42", actor=user)
    refused = web.post(address, mine)
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "changed after you opened it" in page
    assert "long when close &gt; 42" in page  # theirs
    assert "long when close &gt; open" in page  # mine
    assert Formula.objects.get().text == "long when close > 42"
    again = web.post(address, {**mine, "seen": seen_on(refused)})
    assert again.status_code == 302
    assert Formula.objects.get().text == "long when close > open"


def test_who_saves_twice_from_fresh_pages_is_not_in_his_own_way(web, user, workspace):
    formula = create_formula(workspace, name="Cross", text=CROSS, actor=user)
    address = f"/formulas/{formula.uuid}/"
    for text in ("long when close > 1", "long when close > 2"):
        answer = web.post(address, {"name": "Cross", "text": text, "seen": seen_on(web.get(address))})
        assert answer.status_code == 302
    assert Formula.objects.get().text == "long when close > 2"


def test_a_workspace_renamed_meanwhile_keeps_its_name(web, workspace):
    address = "/settings/workspace/"
    seen = seen_on(web.get(address))
    assert web.post(address, {"name": "Theirs", "letter": "T", "seen": seen}).status_code == 302
    refused = web.post(address, {"name": "Mine", "letter": "M", "seen": seen})
    assert refused.status_code == 409
    assert "Name is now “Theirs”" in refused.content.decode()
    workspace.refresh_from_db()
    assert workspace.name == "Theirs"
