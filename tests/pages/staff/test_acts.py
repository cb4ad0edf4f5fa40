"""What staff do to many rows at once: asked about first, and in the journal."""

from __future__ import annotations

from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.journal.models import Entry

PAGE = "/admin/django_celery_beat/periodictask/"


def test_an_act_of_a_library_asks_first_and_is_recorded(staff: Client):
    every = IntervalSchedule.objects.create(every=5, period="minutes")
    tasks = [PeriodicTask.objects.create(name=f"task {n}", task="x", interval=every) for n in range(22)]
    chosen = {"action": "disable_tasks", "_selected_action": [task.pk for task in tasks]}
    asked = staff.post(PAGE, chosen)
    page = asked.content.decode()
    assert "This acts on 22 rows:" in page
    assert "and 2 more" in page
    assert PeriodicTask.objects.filter(pk__in=chosen["_selected_action"], enabled=True).count() == 22
    sent: dict[str, list[str]] = {}
    for name, value in asked.context["sent"]:
        sent.setdefault(name, []).append(value)
    assert staff.post(PAGE, sent | {"asked": "yes"}).status_code == 302
    assert not PeriodicTask.objects.filter(pk__in=chosen["_selected_action"], enabled=True).exists()
    told = Entry.objects.filter(action="django_celery_beat.periodictask.changed_by_staff")
    assert told.count() == 22
    assert told.latest("id").changes == {"act": "disable_tasks"}


def test_a_task_is_added_by_the_shorter_form(staff: Client):
    every = IntervalSchedule.objects.create(every=5, period="minutes")
    form = {"name": "mine", "task": "x", "enabled": "on", "interval": every.pk, "args": "[]", "kwargs": "{}"}
    answer = staff.post(f"{PAGE}add/", form)
    assert answer.status_code == 302, answer.context["errors"]
    assert PeriodicTask.objects.get(name="mine").interval == every
