"""Every table of the admin: its list and its empty form open, and an empty form sent is told what is missing."""

from __future__ import annotations

from django.contrib import admin
from django.test import Client
from django.urls import reverse

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
