"""Worker processes to be killed: each line on standard input forks one, whose process id is printed.

Forking from a process that has loaded everything makes a worker in milliseconds.
"""

import os
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.urls import get_resolver  # noqa: E402
from django.utils import timezone  # noqa: E402

from apps.notifications.channels.base import Message  # noqa: E402
from apps.notifications.channels.registry import channels  # noqa: E402
from apps.notifications.services import send_due  # noqa: E402
from tests.notifications import conftest  # noqa: E402, F401  registers the events

settings.NOTIFICATIONS_CIRCUIT = {"faults": 3, "pause_s": 0.2, "longest_s": 0.5}

# What a first message would have to wait for: every view, the channels, their templates.
get_resolver().url_patterns  # noqa: B018
for channel in channels():
    channel.render(Message("", "", "", "", (), "", "", 1, timezone.now(), "", "", {}))
me = os.getpid()
for _ in sys.stdin:
    child = os.fork()
    if not child:
        while os.getppid() == me:
            send_due(run_s=2, linger_s=1)
        os._exit(0)
    print(child, flush=True)
