"""`manage.py admin_words` writes apps/pages/staff/admin_words.py anew: after a change of what tables and columns the
admin shows, or of their names and help texts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import BaseCommand
from django.db.models import Field, Model
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import Promise

from apps.accounts.models import User
from apps.core.model_names import CONTEXT

FILE = Path(__file__).resolve().parents[2] / "staff" / "admin_words.py"
_HEAD = '''"""Names of the tables and columns that the admin shows, marked for the catalogues of locale/.

Written by `manage.py admin_words`, for `apps.core.model_names`. Not to be changed by hand.
"""

# fmt: off

from django.utils.translation import pgettext_lazy

TEXTS = (
'''


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        FILE.write_text(source(), encoding="utf-8", newline="\n")
        self.stdout.write(f"{FILE.name} has {len(set(texts()))} texts")


def source() -> str:
    """The file as it has to be."""
    marked = [f'    pgettext_lazy("{CONTEXT}", {_quoted(text)}),\n' for text in sorted(set(texts()))]
    return f"{_HEAD}{''.join(marked)})\n"


def _quoted(text: str) -> str:
    """As the formatter of the project leaves it."""
    return f"'{text}'" if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)


def texts() -> Iterator[str]:
    """In English, some more than once."""
    with translation.override(None):  # as the code has them
        for table, columns in shown():
            yield str(table._meta.verbose_name)
            yield str(table._meta.verbose_name_plural)
            for column in columns:
                yield str(column.verbose_name)
                if column.help_text:
                    yield str(column.help_text)


def shown() -> Iterator[tuple[type[Model], list[Field[Any, Any]]]]:
    """Each of our tables of the admin, and those within their forms, with the columns that staff see somewhere."""
    request = HttpRequest()
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    for table, page in admin.site._registry.items():
        filters = [each[0] if isinstance(each, tuple) else each for each in page.list_filter]
        forms = [flatten_fieldsets(page.get_fieldsets(request, row)) for row in (None, table())]
        yield from _ours(table, page, [*page.list_display, *filters, *forms[0], *forms[1]])
        for part in page.get_inline_instances(request):
            yield from _ours(part.model, part, flatten_fieldsets(part.get_fieldsets(request, table())))


def _ours(
    table: type[Model], page: Any, names: list[Any]
) -> Iterator[tuple[type[Model], list[Field[Any, Any]]]]:
    if not table.__module__.startswith("apps."):
        return
    columns = []
    for name in filter(lambda each: isinstance(each, str), names):
        order = getattr(getattr(page, name, None), "admin_order_field", None)
        try:
            column = table._meta.get_field(order if isinstance(order, str) else name)
        except FieldDoesNotExist:  # shown by a method, which has its own title
            continue
        if isinstance(column, Field) and not isinstance(column.deconstruct()[3].get("verbose_name"), Promise):
            columns.append(column)  # Django's catalogue knows those of its own user
    yield table, columns
