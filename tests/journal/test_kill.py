"""Processes killed in the middle: no entry without its change, no change without its entry, every effect once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
from celery import shared_task
from celery.contrib.testing.worker import start_worker
from django.db import connection, transaction
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from apps.formulas.models import Formula
from apps.formulas.services import create_formula
from apps.journal.models import Entry, PersonalPart, Seal, Verification
from apps.journal.services import record, run_consumers, seal_entries, verify_journal
from config.celery import app
from tests.journal.conftest import everything

pytestmark = pytest.mark.django_db(transaction=True)
KILLS = 150 if os.environ.get("PROVE") else 12


def kill_in_the_middle(work: Callable[[], object], longest_s: float) -> None:
    """Run `work` in a process of its own with a connection of its own, and kill it at a random moment."""
    connection.close()
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    time.sleep(random.uniform(0.001, longest_s))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_killed_writers_leave_no_half(workspace, user):
    def write() -> None:
        while True:
            create_formula(workspace, name="Cross", text="", actor=user)

    for _ in range(KILLS):
        kill_in_the_middle(write, 0.4)
    formulas = set(Formula.objects.values_list("pk", flat=True))
    entries = list(Entry.objects.filter(action="formulas.formula.created"))
    assert len(formulas) > KILLS // 2, "the writers were killed before they wrote anything"
    assert {entry.target_id for entry in entries} == formulas
    assert len(entries) == len(formulas)
    parts = PersonalPart.objects.filter(entry__in=entries, part="actor").count()
    assert parts == len(entries)
    seal_entries(up_to=everything())
    assert verify_journal().faults == []


def test_killed_consumer_acts_on_everything_once(reader):
    def act(entry: Entry) -> None:
        now = timezone.now()
        Verification.objects.create(
            workspace_id=entry.pk, verified_at=now, entries=0, seals=0, unsealed=0, erased=0
        )
        time.sleep(0.0005)

    reader("test.kill", act, "core.thing.*")
    with transaction.atomic():
        ids = [record(actor=None, workspace=None, action="core.thing.made").pk for _ in range(60 * KILLS)]
    horizon = everything()
    for _ in range(KILLS):
        kill_in_the_middle(lambda: run_consumers(up_to=horizon, names=["test.kill"]), 0.5)
    while run_consumers(up_to=horizon, names=["test.kill"]):
        pass
    effects = Counter(Verification.objects.values_list("workspace_id", flat=True))
    assert effects == Counter(ids)


def test_killed_sealer_seals_everything_once():
    for number in range(10 * KILLS):
        if number >= KILLS and Seal.objects.count() > 1:
            break  # some were killed before they sealed, some after
        with transaction.atomic():
            for _ in range(20):
                record(actor=None, workspace=None, action="core.thing.made")
        horizon = everything()
        kill_in_the_middle(lambda up_to=horizon: seal_entries(up_to=up_to), 0.3)
    seal_entries(up_to=everything())
    sealed = Counter(line[0] for seal in Seal.objects.all() for line in seal.manifest)
    assert sealed == Counter(Entry.objects.values_list("pk", flat=True))
    assert Seal.objects.count() > 1
    assert verify_journal().faults == []


@shared_task(name="tests.record_something")
def record_something() -> None:
    with transaction.atomic():
        record(actor=None, workspace=None, action="core.thing.made_in_a_job")


def test_job_carries_the_context_of_its_request():
    """Over the real queue, to a real worker: what a job does leads back to the request that asked for it."""
    with (
        bound_contextvars(
            request_id="the-request", ip="203.0.113.7", device="Firefox 132 on Windows 10", via="page"
        ),
        transaction.atomic(),
    ):
        record_something.apply_async(queue="tests")
    with start_worker(app, pool="solo", queues=["tests"], perform_ping_check=False, shutdown_timeout=30):
        end = time.monotonic() + 60
        while not Entry.objects.filter(action="core.thing.made_in_a_job").exists():
            assert time.monotonic() < end, "the job did not run"
            time.sleep(0.05)
    entry = Entry.objects.get(action="core.thing.made_in_a_job")
    assert (entry.request_id, entry.ip, entry.device) == (
        "the-request",
        "203.0.113.7",
        "Firefox 132 on Windows 10",
    )
    assert (entry.via, entry.via_detail) == ("job", "tests.record_something")
