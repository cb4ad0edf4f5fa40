"""Django keeps its checks in a set, so any of them may be the first to import a part of us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# each check runs in a child of its own, forked after set-up, as if it had come first
EACH_CHECK_FIRST = """
import os, sys, traceback
import config.celery, django
django.setup()
from django.core.checks.registry import registry
failed = []
checks = registry.get_checks()
for check in checks:
    child = os.fork()
    if child == 0:
        try:
            check(app_configs=None, databases=[])
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        failed.append(f"{check.__module__}.{check.__name__}")
print(len(checks), *failed)
"""


def test_whichever_system_check_runs_first_the_process_starts():
    """A worker that began with DRF's pagination check ended at its start: our module was half imported."""
    done = subprocess.run(
        [sys.executable, "-c", EACH_CHECK_FIRST], cwd=ROOT, capture_output=True, text=True, check=True
    )
    count, *failed = done.stdout.split()
    assert int(count) > 20
    assert failed == [], done.stderr
