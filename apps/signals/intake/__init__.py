"""The alert intake: a small ASGI application beside Django's, imported by config/asgi.py.

A request costs it one cached look-up and a share of one INSERT; everything else happens later in a job.
"""

from apps.signals.intake.server import Intake

application = Intake()

__all__ = ["application"]
