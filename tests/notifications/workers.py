"""Worker processes to be killed: each line on standard input forks one, whose process id is printed.

Forking from a process that has loaded everything makes a worker in milliseconds.
"""

import os
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402

from apps.notifications.services import send_due  # noqa: E402
from tests.notifications import conftest  # noqa: E402, F401  registers the events

settings.NOTIFICATIONS_CIRCUIT = {"faults": 3, "pause_s": 0.2, "longest_s": 0.5}

for _ in sys.stdin:
    child = os.fork()
    if not child:
        while True:
            send_due(run_s=2, linger_s=1)
    print(child, flush=True)
