"""What the admin's theme and the schedule's tables say is in the catalogues, though they bring none of their own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import django_celery_beat
import unfold
from django.test import Client
from django.utils.translation.trans_real import translation

from apps.billing.models import Plan
from apps.journal.models import Entry, Retry
from apps.pages.staff.theme_words import WORDS
from tests.factories import UserFactory

FOLDERS = [Path(package.__file__).parent for package in (unfold, django_celery_beat)]
MARKED = re.compile(r"""{%\s*trans(?:late)?\s+(["'])(.*?)\1""")
SHOWN = re.compile(r""">([^<>]+)(?=<)|"([^<>"]+)(?=")""")  # words between tags, and in attributes


def texts() -> Iterator[str]:
    """All that these have marked for catalogues."""
    for page in (page for folder in FOLDERS for page in folder.rglob("*.html")):
        yield from (text for _, text in MARKED.findall(page.read_text()))
    for module in (module for folder in FOLDERS for module in folder.rglob("*.py")):
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
    "django_celery_beat/periodictask/",
    "django_celery_beat/periodictask/add/",
    "django_celery_beat/crontabschedule/add/",
    "django_celery_beat/intervalschedule/add/",
)


def test_words_of_the_theme_are_those_that_staff_see(staff: Client):
    UserFactory()  # is no staff: a list has yes and no
    entry = Entry.objects.latest("id")
    Retry.objects.create(consumer="x", entry=entry, attempts=9, due_at=entry.recorded_at)
    seen: set[str] = set()
    for page in PAGES:
        html = staff.get(f"/admin/{page.format(plan=Plan.objects.earliest('id').pk)}").content.decode()
        seen |= {unescape(text).strip() for either in SHOWN.findall(html) for text in either}
    seen |= {text[:1].lower() + text[1:] for text in seen}  # names of tables begin a line
    shown = seen & set(texts())
    # Django keeps a catalogue in `_catalog` alone, which its type stubs leave out
    known = {key[0] if isinstance(key, tuple) else key for key in dict(translation("tr")._catalog.items())}  # type: ignore[attr-defined]
    assert shown - known <= set(WORDS), "staff see them in English only"
    assert set(WORDS) <= shown, "nobody sees them"
