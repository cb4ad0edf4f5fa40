"""Fixed words of the backtests room."""

from django.db.models import TextChoices


class Status(TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


FINISHED = (Status.DONE, Status.FAILED, Status.CANCELLED)


class Fill(TextChoices):
    NEXT_OPEN = "next_open", "Next open"
    CLOSE = "close", "Same close"
