"""Menus of filters stay short however many sources there are, and still hold the one that is asked for."""

from __future__ import annotations

import re
from uuid import uuid4

from apps.signals.models import AlertSource


def _menu(web, address: str) -> list[str]:
    page = web.get(address).content.decode()
    menu = re.search(r'<select[^>]* name="source".*?</select>', page, re.DOTALL)
    assert menu is not None
    return re.findall(r'<option value="([^"]+)"', menu[0])


def test_a_menu_has_the_newest_200_and_the_one_asked_for(web, workspace):
    AlertSource.objects.bulk_create(
        AlertSource(workspace=workspace, name=f"Source {n}", token_hash=f"{n:064}", token_prefix="abcdef")
        for n in range(203)
    )
    sources = [str(uuid) for uuid in AlertSource.objects.order_by("-id").values_list("uuid", flat=True)]
    assert _menu(web, "/signals/") == sources[:200]
    assert _menu(web, f"/signals/?source={sources[202]}") == [*sources[:200], sources[202]]
    assert _menu(web, f"/signals/?source={sources[7]}") == sources[:200]
    assert _menu(web, f"/signals/?source={uuid4()}") == sources[:200]
    assert _menu(web, "/signals/?source=everything") == sources[:200]
