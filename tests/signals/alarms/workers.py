"""Worker processes to be killed: each line on standard input forks one, whose process id is printed.

Each runs the jobs of the whole path again and again, in an order of its own.
"""

import os
import random
import sys
import time

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.urls import get_resolver  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.notifications.channels.base import Message  # noqa: E402
from apps.notifications.channels.registry import channels  # noqa: E402
from apps.notifications.services import send_due  # noqa: E402
from apps.signals.services import match_signals, process_alerts, settle_firings  # noqa: E402

settings.NOTIFICATIONS_CIRCUIT = {"faults": 3, "pause_s": 0.2, "longest_s": 0.5}
get_resolver().url_patterns  # noqa: B018
for channel in channels():
    if channel.is_set_up:
        channel.render(Message("", "", "", "", (), "", "", 1, timezone.now(), "", "", {}))
me = os.getpid()
for _ in sys.stdin:
    child = os.fork()
    if not child:
        chance = random.Random(os.getpid())
        jobs = [
            lambda: process_alerts(batch=3),
            lambda: match_signals(batch=3),
            lambda: send_due(run_s=1, linger_s=0.2),
            settle_firings,
        ]
        while os.getppid() == me:
            chance.shuffle(jobs)
            for job in jobs:
                job()
            time.sleep(0.05)  # three that never rest would leave nothing for those they send to
        os._exit(0)
    print(child, flush=True)
