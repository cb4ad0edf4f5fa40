"""Where the rooms are put together: settings, URLs, ASGI, Celery."""

import gc

# What a process loads stays for its whole life: looking through it for garbage again and again would be a fifth of its
# start. The last app that gets ready (apps.pages) sets it aside and turns the collector on.
gc.disable()

from config.celery import app as celery_app  # noqa: E402

__all__ = ["celery_app"]
