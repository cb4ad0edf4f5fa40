"""The schedule in the admin: what our tasks use of it. None runs by the sun, by one moment, or past Celery's queues."""

from __future__ import annotations

from django.contrib import admin
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import ClockedSchedule, PeriodicTask, SolarSchedule

from apps.core.words import gettext_lazy

admin.site.unregister([ClockedSchedule, PeriodicTask, SolarSchedule])


@admin.register(PeriodicTask)
class TaskAdmin(PeriodicTaskAdmin):  # type: ignore[misc]
    fieldsets = (
        (None, {"fields": ["name", "regtask", "task", "enabled", "description"]}),
        (
            gettext_lazy("Schedule"),
            {
                "fields": [
                    "interval",
                    "crontab",
                    "crontab_translation",
                    "start_time",
                    "last_run_at",
                    "one_off",
                ]
            },
        ),
        (gettext_lazy("How it runs"), {"fields": ["args", "kwargs", "queue", "expires", "expire_seconds"]}),
    )
