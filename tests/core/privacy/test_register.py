"""Every table of the product is in the register of what is held about people, and what it says is true of the table."""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db.models import ForeignKey

from apps.core.privacy import children_first, exemptions, holdings, holds
from apps.core.secrets.fields import EncryptedTextField

MODELS = {
    model._meta.label_lower: model
    for model in apps.get_models(include_auto_created=True)
    if not model._meta.proxy  # has no table of its own
}
SECRET = re.compile(r"(secret|token|code|session).*(hash|key)$|^password$|^salt$")


def test_every_table_is_declared_once():
    declared = holdings().keys() | exemptions().keys()
    missing = MODELS.keys() - declared
    assert not missing, f"declare in the privacy.py of its room (holds or exempt): {sorted(missing)}"
    assert not declared - MODELS.keys(), "declared, but there is no such table"
    assert not holdings().keys() & exemptions().keys()


def test_an_exempt_table_names_no_person_and_no_workspace():
    """Exempt is what does not point at people: a column that does must be declared."""
    for label in exemptions():
        pointing = [
            column.name
            for column in MODELS[label]._meta.concrete_fields
            if isinstance(column, ForeignKey)
            and column.related_model._meta.label_lower in ("accounts.user", "accounts.workspace")
        ]
        assert not pointing, (label, pointing)


def test_every_pointer_at_a_person_is_declared():
    for label, holding in holdings().items():
        ways = {holding.person, holding.workspace, *holding.mentions}
        for column in MODELS[label]._meta.concrete_fields:
            target = column.related_model._meta.label_lower if isinstance(column, ForeignKey) else ""
            if target == "accounts.user":
                assert ways & {column.name, column.attname}, (
                    f"{label}.{column.name} names a person, undeclared"
                )


def test_paths_and_columns_exist(db):
    from apps.core.privacy import Scope

    scope = Scope(person=1, addresses=frozenset({"a@example.com"}), workspaces={})
    for holding in holdings().values():
        assert holding.rows(scope).count() >= 0
        assert holding.mentioning(scope).count() >= 0
        for column in (*holding.without, *holding.files, *holding.mentions):
            holding.model._meta.get_field(column)
        if holding.folder:
            assert holding.model._meta.get_field("uuid")


def test_no_export_shows_secrets_or_their_hashes():
    for holding in holdings().values():
        for column in holding.shown():
            assert not isinstance(column, EncryptedTextField), (holding.name, column.name)
            assert not SECRET.search(column.name), f"{holding.name}.{column.name}: list it in `without`"


def test_rows_come_before_those_they_point_at():
    order = [holding.model for holding in children_first()]
    assert len(order) == len(set(order)) == len(holdings())
    for number, model in enumerate(order):
        for column in model._meta.concrete_fields:
            target = column.related_model
            if isinstance(column, ForeignKey) and target in order and target is not model and not column.null:
                assert order.index(target) > number, (model, column.name)


def test_a_table_that_leads_to_nobody_cannot_be_declared_as_held():
    with pytest.raises(ImproperlyConfigured, match="name how it leads"):
        holds("journal.Seal", "Seals")


@pytest.mark.parametrize(
    "label",
    [
        "accounts.apikey", "accounts.device", "accounts.login", "accounts.passkey", "accounts.backupcode",
        "accounts.totpdevice", "accounts.securitymail", "accounts.preferences",
        "core.apirequest", "journal.entry", "socialaccount.socialaccount",
    ],
)  # fmt: skip
def test_what_is_about_people_cannot_be_called_exempt(label):
    assert label in holdings()
