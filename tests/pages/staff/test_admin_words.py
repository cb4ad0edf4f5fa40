"""The admin names its tables and columns in the reader's language, and all else goes on in English."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.core.management import call_command
from django.db import models
from django.http import HttpRequest
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import pgettext

from apps.accounts.models import User, Workspace
from apps.core.api.documents import description
from apps.pages.management.commands.admin_words import FILE, source


def test_catalogues_get_every_name_that_is_shown():
    assert FILE.read_text() == source(), "write them anew: manage.py admin_words"


def test_no_title_of_a_column_or_a_filter_is_english_for_all():
    request = HttpRequest()
    request.user = User(is_active=True, is_staff=True, is_superuser=True)
    plain = []
    for table, page in admin.site._registry.items():
        if not table.__module__.startswith("apps."):
            continue
        parts = [(part.model, part, []) for part in page.get_inline_instances(request)]
        for model, owner, columns in [(table, page, page.get_list_display(request)), *parts]:
            typed = owner.form.declared_fields
            names = {*columns, *flatten_fieldsets(owner.get_fieldsets(request, table()))} - {
                *typed,
                "__str__",
            }
            titles = {name: label_for_field(name, model, owner) for name in names}
            titles |= {name: field.label for name, field in typed.items()}
            titles |= {
                each: each.title for each in getattr(owner, "list_filter", ()) if isinstance(each, type)
            }
            titles |= {name: name for name, _ in owner.get_fieldsets(request, table()) if name}
            plain += [(model.__name__, name, t) for name, t in titles.items() if not isinstance(t, Promise)]
    assert not plain


def test_names_of_tables_and_columns_have_the_readers_words():
    with translation.override("tr"):
        assert str(Workspace._meta.verbose_name_plural) == pgettext("admin", "workspaces") != "workspaces"
        assert str(Workspace._meta.get_field("owner").verbose_name) == pgettext("admin", "owner") != "owner"
        assert Workspace._meta.verbose_name_raw == "workspace"


@pytest.mark.django_db
def test_names_make_no_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)  # exits where it would make one


def test_a_model_of_a_migration_is_left_as_it_is():
    made = type(
        "Old", (models.Model,), {"__module__": "__fake__", "Meta": type("Meta", (), {"app_label": "core"})}
    )
    assert not isinstance(made._meta.verbose_name, Promise)


def test_the_description_of_the_api_is_english_whoever_asks_first():
    english = description()
    description.cache_clear()
    with translation.override("tr"):
        assert description() == english
