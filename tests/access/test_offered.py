"""No page offers what its reader may not do: every link and form leads to a route whose right the reader holds."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import Resolver404, resolve

from apps.accounts.models import Membership
from apps.accounts.rules import RIGHTS, rights_of
from tests.access.one_of_each import ROUTES, WITH_ID, _path, _with_words
from tests.access.one_of_each import mine as mine
from tests.factories import UserFactory

TAG = re.compile(r"<(a|form|button|div|tr|section|input|select)\b([^>]*)>", re.IGNORECASE)
PLACE = re.compile(r'\b(href|action|formaction|hx-get|hx-post)="(/[^"#?]*)')


def _offers(html: str, page: str) -> set[tuple[str, bool]]:
    """(path, whether it is to be changed) of each link and form."""
    found = set()
    for tag, attributes in TAG.findall(html):
        is_post = 'method="post"' in attributes.lower()
        places = PLACE.findall(attributes)
        if tag.lower() == "form" and is_post and not any(name == "action" for name, _ in places):
            found.add((page, True))
        for name, path in places:
            writes = name == "hx-post" or (is_post and name == "action") or name == "formaction"
            found.add((path, writes))
    return found


def _needed(path: str, writes: bool) -> str | None:
    try:
        view = resolve(path).func
    except Resolver404:
        return None
    rights = getattr(view, "rights", None)
    return rights[writes] if isinstance(rights, tuple) else None


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_pages_offer_what_the_role_may_do(mine, workspace, role):
    reader = UserFactory()
    Membership.objects.create(workspace=workspace, user=reader, role=role)
    client = Client()
    client.force_login(reader)
    session = client.session
    session["workspace_id"] = workspace.pk
    session.save()
    held, seen, wrong = rights_of(role), 0, {}
    for route in ROUTES:
        if route.startswith("api/"):
            continue
        cache.clear()
        page = _path(route, mine) if route in WITH_ID else _with_words(route)
        answer = client.get(page)
        if answer.status_code != 200 or "text/html" not in answer["Content-Type"] or answer.streaming:
            continue
        seen += 1
        for path, writes in _offers(answer.content.decode(), page):
            right = _needed(path, writes)
            if right in RIGHTS and right not in held:
                wrong.setdefault(page, set()).add((path, right))
    assert wrong == {}
    assert seen > 40
