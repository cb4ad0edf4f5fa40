"""What the admin's theme says is in the catalogues, though it brings none of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import unfold
from django.test import Client
from django.utils.translation.trans_real import translation

from apps.billing.models import Plan
from apps.journal.models import Entry, Retry
from apps.pages.staff.theme_words import WORDS
from tests.factories import UserFactory

THEME = Path(unfold.__file__).parent
MARKED = re.compile(r"""{%\s*trans(?:late)?\s+(["'])(.*?)\1""")
SHOWN = re.compile(r"""[>"]([^<>"]+)(?=[<"])""")  # words between tags, and in attributes


def texts() -> Iterator[str]:
    """All that the theme has marked for catalogues."""
    for page in THEME.rglob("*.html"):
        yield from (text for _, text in MARKED.findall(page.read_text()))
    for module in THEME.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            match node:
                case ast.Call(ast.Name("_" | "gettext" | "gettext_lazy"), [ast.Constant(str(text)), *_]):
                    yield text


PAGES = (
    "",
    "search/?s=nothing&extended=1",
    "accounts/user/",
    "accounts/user/add/",
    "billing/plan/{plan}/change/",
    "journal/retry/",
    "notifications/delivery/analytics/",
    "django_celery_beat/periodictask/add/",
)


def test_words_of_the_theme_are_those_that_staff_see(staff: Client):
    UserFactory()  # is no staff: a list has yes and no
    entry = Entry.objects.latest("id")
    Retry.objects.create(consumer="x", entry=entry, attempts=9, due_at=entry.recorded_at)
    seen: set[str] = set()
    for page in PAGES:
        html = staff.get(f"/admin/{page.format(plan=Plan.objects.earliest('id').pk)}").content.decode()
        seen |= {unescape(text).strip() for text in SHOWN.findall(html)}
    shown = seen & set(texts())
    # Django keeps a catalogue in `_catalog` alone, which its type stubs leave out
    known = {key[0] if isinstance(key, tuple) else key for key in dict(translation("tr")._catalog.items())}  # type: ignore[attr-defined]
    assert shown - known <= set(WORDS), "staff see them in English only"
    assert set(WORDS) <= shown, "nobody sees them"
