"""A process that forks a worker for the cohort on each line of its standard input; the workers may be killed."""

import os
import signal
import sys

import django

django.setup()

from apps.bots.services import step_cohort  # noqa: E402
from apps.engine import sim  # noqa: E402
from apps.engine.warm import warm_cohorts  # noqa: E402

warm_cohorts()
sim.warm()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if not child:
        while True:  # as the job: until nothing is left to do, or another worker does it
            stepped = step_cohort(int(line))
            if not stepped.bars:
                os._exit(0)
    print(child, flush=True)
