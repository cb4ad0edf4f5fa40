"""What staff do to many rows at once: asked about first, and in the journal."""

from __future__ import annotations

import re

from django.contrib.auth import get_user
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from apps.journal.models import Entry

PAGE = "/admin/django_celery_beat/periodictask/"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def test_an_act_of_a_library_asks_first_and_is_recorded(staff: Client):
    every = IntervalSchedule.objects.create(every=5, period="minutes")
    tasks = [PeriodicTask.objects.create(name=f"task {n}", task="x", interval=every) for n in range(22)]
    chosen = {"action": "disable_tasks", "_selected_action": [task.pk for task in tasks]}
    asked = staff.post(PAGE, chosen)
    page = asked.content.decode()
    assert "This acts on 22 rows:" in page
    assert "and 2 more" in page
    assert PeriodicTask.objects.filter(pk__in=chosen["_selected_action"], enabled=True).count() == 22
    tasks[0].delete()
    asked = staff.post(PAGE, sent_by(asked))
    assert "This acts on 21 rows:" in asked.content.decode(), "not what was asked about any more"
    assert PeriodicTask.objects.filter(pk__in=chosen["_selected_action"], enabled=True).count() == 21
    assert staff.post(PAGE, sent_by(asked)).status_code == 302
    assert not PeriodicTask.objects.filter(pk__in=chosen["_selected_action"], enabled=True).exists()
    told = Entry.objects.filter(action="django_celery_beat.periodictask.changed_by_staff")
    assert told.count() == 21
    assert told.latest("id").changes == {"act": "disable_tasks"}


def test_who_may_only_look_has_no_acts_of_libraries(helper: Client):
    get_user(helper).user_permissions.add(Permission.objects.get(codename="view_periodictask"))
    every = IntervalSchedule.objects.create(every=5, period="minutes")
    task = PeriodicTask.objects.create(name="task", task="x", interval=every)
    answer = helper.post(PAGE, {"action": "disable_tasks", "_selected_action": [task.pk]})
    assert "This acts on" not in answer.content.decode()
    helper.post(PAGE, {"action": "disable_tasks", "_selected_action": [task.pk], "asked": "1"})
    task.refresh_from_db()
    assert task.enabled


def sent_by(asked: HttpResponse) -> dict[str, list[str]]:
    """What the question's form sends."""
    sent: dict[str, list[str]] = {}
    form = asked.content.decode().partition('<form method="post">')[2].partition("</form>")[0]
    for name, value in HIDDEN.findall(form):
        sent.setdefault(name, []).append(value)
    return sent


def test_a_task_is_added_by_the_shorter_form(staff: Client):
    every = IntervalSchedule.objects.create(every=5, period="minutes")
    form = {"name": "mine", "task": "x", "enabled": "on", "interval": every.pk, "args": "[]", "kwargs": "{}"}
    answer = staff.post(f"{PAGE}add/", form)
    assert answer.status_code == 302, answer.context["errors"]
    assert PeriodicTask.objects.get(name="mine").interval == every
