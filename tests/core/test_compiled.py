"""A query compiled once finds what the same query made anew finds."""

from __future__ import annotations

from threading import Thread

import pytest
from django.db import connection

from apps.accounts.models import User
from apps.core.compiled import CompiledQuery
from tests.factories import UserFactory

BY_EMAIL = CompiledQuery(lambda email: User.objects.filter(email=email).order_by("id"), "a sample")


def test_each_call_has_values_of_its_own(db):
    first, second = UserFactory(), UserFactory()
    assert [BY_EMAIL.first(each.email) for each in (first, second, first)] == [first, second, first]
    assert BY_EMAIL.first("nobody@example.com") is None


def test_it_is_compiled_once_and_asked_each_time(db, django_assert_num_queries):
    person = UserFactory()
    made = []

    def make(email):
        made.append(email)
        return User.objects.filter(email=email)

    query = CompiledQuery(make, "a sample")
    with django_assert_num_queries(2):
        query.first(person.email)
        User.objects.filter(pk=person.pk).update(name="Renamed")
    assert query.first(person.email).name == "Renamed"
    assert made == ["a sample"]


@pytest.mark.django_db(transaction=True)
def test_threads_at_once_get_their_own_answers():
    people = [UserFactory() for _ in range(4)]
    wrong = []

    def ask(person):
        try:
            wrong.extend(found for _ in range(100) if (found := BY_EMAIL.first(person.email)) != person)
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [Thread(target=ask, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_query_that_does_not_take_the_value_is_refused(db):
    with pytest.raises(AssertionError, match="not a parameter"):
        CompiledQuery(lambda email: User.objects.all(), "a sample").first("somebody")
