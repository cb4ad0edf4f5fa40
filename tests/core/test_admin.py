"""Every table of the admin: its list and its empty form open, and an empty form sent is told what is missing; names and
figures are written for people."""

from __future__ import annotations

from decimal import Decimal

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from apps.accounts.appearance import manner_of
from apps.accounts.models import ApiKey
from apps.billing.models import LedgerTransaction
from apps.core.manner import written_for
from apps.core.staff import figure_of
from tests.factories import UserFactory, with_second_factor


def test_no_table_fails_over_an_empty_form(db):
    person = UserFactory(is_staff=True, is_superuser=True)
    client = Client(raise_request_exception=False)
    client.force_login(person)
    with_second_factor(client, person)
    wrong = {}
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        add = reverse(f"{name}_add")
        answers = [client.get(reverse(f"{name}_changelist")), client.get(add), client.post(add, {})]
        statuses = [answer.status_code for answer in answers]
        if statuses[0] != 200 or statuses[1:] not in ([200, 200], [200, 302], [403, 403]):
            wrong[model._meta.label] = statuses
    assert not wrong


def test_names_are_spelt_as_people_do():
    with override("en"):
        assert str(ApiKey._meta.verbose_name_plural) == "API keys"
        assert str(ApiKey._meta.get_field("last_used_ip").verbose_name) == "last used IP"
        assert str(EmailAddress._meta.verbose_name) == "e-mail address"  # of a library
    assert ApiKey._meta.verbose_name_raw == "api key", "as the journal has it"


def test_lists_write_quantities_as_their_reader_does_and_leave_numbers_of_things():
    shown = admin.site._registry[LedgerTransaction].get_list_display(HttpRequest())
    by_name = {getattr(each, "__name__", each): each for each in shown}
    assert by_name["workspace_id"] == "workspace_id"
    with written_for(lambda: manner_of("de-DE", "", "", "UTC")):
        assert by_name["change"](LedgerTransaction(change=-12500)) == "−12.500"
        assert [figure_of(value) for value in (0.25, Decimal("1E+3"), Decimal("0.50"), None)] == [
            "0,2500", "1.000", "0,5", "–",
        ]  # fmt: skip
