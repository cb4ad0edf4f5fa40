"""A secret in a model: encrypted in the table, masked everywhere, no query looks into it."""

from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest
from django.contrib import admin
from django.core import serializers
from django.core.exceptions import FieldError
from django.db import connection
from django.forms import modelform_factory
from django.template import Context, Template
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import ModelSerializer

from apps.core.secrets.cipher import SecretUnreadable
from apps.core.secrets.fields import EncryptedTextField, Secret
from tests.core.secrets.safe import NEW, OLD, Safe

pytestmark = pytest.mark.usefixtures("safe")


def stored(column: str = "code") -> list[str | None]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM test_core_safe ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def test_the_table_holds_no_plain_text_and_the_row_gives_it_back():
    row = Safe.objects.create(name="a", code="rosebud")
    assert stored()[0].startswith("enc1:old:")
    assert "rosebud" not in stored()[0]
    assert row.code.reveal() == "rosebud"
    assert Safe.objects.get().code.reveal() == "rosebud"
    assert Safe.objects.defer("code").get().code.reveal() == "rosebud"
    assert Safe.objects.values_list("code", flat=True).get().reveal() == "rosebud"


def test_none_and_empty_stay_what_they_are():
    Safe.objects.create(name="a", code=None, other="")
    row = Safe.objects.get()
    assert row.code is None
    assert row.other.reveal() == ""
    assert not row.other
    assert stored() == [None]
    assert stored("other") == [""]
    assert Safe.objects.filter(code__isnull=True).count() == 1


def test_update_and_bulk_writes_encrypt_too():
    rows = Safe.objects.bulk_create([Safe(name="a", code="one"), Safe(name="b", code="two")])
    Safe.objects.filter(name="a").update(code="three")
    rows[1].code = "four"
    Safe.objects.bulk_update(rows[1:], ["code"])
    assert [row.code.reveal() for row in Safe.objects.order_by("id")] == ["three", "four"]
    assert all(text.startswith("enc1:old:") for text in stored())


def test_saving_an_unchanged_row_keeps_the_stored_text_until_the_key_is_old(settings):
    Safe.objects.create(name="a", code="rosebud")
    before = stored()
    Safe.objects.get().save()
    assert stored() == before
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    Safe.objects.get().save()
    assert stored()[0].startswith("enc1:new:")


def test_a_value_moved_to_another_column_does_not_open():
    Safe.objects.create(name="a", code="rosebud")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE test_core_safe SET other = code")
    with pytest.raises(SecretUnreadable, match=r"core.safe.other"):
        Safe.objects.get().other.reveal()


def test_rows_with_a_lost_key_can_be_listed_but_not_opened(settings):
    Safe.objects.create(name="a", code="rosebud")
    settings.FIELD_KEYS = NEW
    row = Safe.objects.get()
    assert row.name == "a"
    with pytest.raises(SecretUnreadable, match="the key old"):
        row.code.reveal()
    with pytest.raises(SecretUnreadable, match="the key old"):
        row.save()


@pytest.mark.parametrize(
    "lookup", ["code", "code__exact", "code__contains", "code__in", "code__gt", "code__lower", "code__foo"]
)
def test_lookups_are_refused(lookup):
    value = ["rosebud"] if lookup == "code__in" else "rosebud"
    with pytest.raises(FieldError, match=r"core.safe.code is encrypted"):
        list(Safe.objects.filter(**{lookup: value}))


def test_nothing_shows_it(caplog):
    row = Safe.objects.create(name="a", code="rosebud")
    shown = [str(row.code), repr(row.code), f"{row.code}", repr(vars(row)), f"{row.code!r}"]
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("made %s with %r", row, row.code, extra={"row": row.__dict__})
    shown.append(caplog.text)
    shown.append(Template("{{ row.code }} {{ row.code|pprint }}").render(Context({"row": row})))

    class SafeSerializer(ModelSerializer):
        class Meta:
            model = Safe
            fields = "__all__"

    answer = SafeSerializer(row)
    assert answer.fields["code"].read_only
    shown.append(JSONRenderer().render(answer.data).decode())
    for text in shown:
        assert "rosebud" not in text
    for text in shown[:3]:
        assert "•" in text
    with pytest.raises(TypeError, match="not JSON"):
        json.dumps(row.code)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(row.code)
    with pytest.raises(TypeError, match="not written to fixtures"):
        serializers.serialize("json", [row])


def test_no_form_and_no_admin_page_offers_it():
    assert list(modelform_factory(Safe, fields=["name"]).base_fields) == ["name"]
    with pytest.raises(FieldError, match="non-editable"):
        modelform_factory(Safe, fields=["code"])
    assert "code" not in admin.ModelAdmin(Safe, admin.site).get_fields(None)


def test_copies_of_a_row_keep_it():
    row = Safe.objects.create(name="a", code="rosebud")
    assert copy.deepcopy(vars(row)["code"]).reveal() == "rosebud"
    assert copy.copy(row.code).reveal() == "rosebud"


def test_only_text_is_taken():
    with pytest.raises(TypeError, match=r"core.safe.code takes text, not int"):
        Safe.objects.create(name="a", code=5)


def test_a_renamed_column_keeps_opening_when_told_its_old_place():
    Safe.objects.create(name="a", code="rosebud")
    kept = Secret(sealed=stored()[0], place="core.safe.code")
    renamed = EncryptedTextField(place="core.safe.code")
    assert renamed.deconstruct()[3] == {"place": "core.safe.code"}
    assert renamed.place == "core.safe.code"
    assert kept.reveal() == "rosebud"
