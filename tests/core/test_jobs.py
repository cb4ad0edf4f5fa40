"""Queueing by name works from the first request on, however many come at once."""

from __future__ import annotations

import subprocess
import sys

TOGETHER = """
import os, threading
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
import django; django.setup()
from celery import current_app
from apps.core.jobs import load_tasks
found, start = [], threading.Barrier(8)
def ask():
    start.wait()
    load_tasks()
    found.append("backtests.work_next" in current_app.tasks)
threads = [threading.Thread(target=ask) for _ in range(8)]
[thread.start() for thread in threads]; [thread.join() for thread in threads]
print(found.count(True))
"""


def test_threads_that_are_first_together_all_find_the_tasks():
    result = subprocess.run([sys.executable, "-c", TOGETHER], capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "8", result.stderr


def test_the_web_process_has_its_tasks_before_its_first_request():
    code = 'import config.asgi; from celery import current_app; print("backtests.work_next" in current_app.tasks)'
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert result.stdout.strip().endswith("True"), result.stderr


def test_tasks_are_loaded_once():
    """Each time Celery imports them it runs every system check of Django: not at each job that is queued."""
    from celery.signals import import_modules

    from apps.core.jobs import load_tasks

    load_tasks()
    asked: list[object] = []

    def note(**news: object) -> None:
        asked.append(news)

    import_modules.connect(note)
    try:
        load_tasks()
    finally:
        import_modules.disconnect(note)
    assert asked == []
