"""The one ASGI entry point: Django's pages and API, Channels' WebSockets, and the alert intake beside them."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
django.setup(set_prefix=False)  # what follows imports models

from asgiref.sync import sync_to_async  # noqa: E402
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from apps.accounts.websockets import AccessTokenMiddleware  # noqa: E402
from apps.core.api.log import request_log  # noqa: E402
from apps.core.asgi import ThreadedHandler  # noqa: E402
from apps.core.jobs import load_tasks  # noqa: E402
from apps.pages.visits import VisitSocketMiddleware  # noqa: E402
from apps.signals.intake import application as intake_application  # noqa: E402
from config.routing import websocket_urlpatterns  # noqa: E402

django_application = ThreadedHandler()
# Django would import every view, and Celery every task, at the first request, which then takes seconds.
get_resolver().url_patterns  # noqa: B018
load_tasks()

websocket_application = AllowedHostsOriginValidator(
    AuthMiddlewareStack(VisitSocketMiddleware(AccessTokenMiddleware(URLRouter(websocket_urlpatterns))))
)


async def application(scope, receive, send):  # type: ignore[no-untyped-def]
    """Route by protocol; alerts (/hooks/) never pass through Django's middleware."""
    if scope["type"] == "lifespan":

        async def send_last(message):  # type: ignore[no-untyped-def]
            # uvicorn ends by the signal it was sent, which runs no atexit
            if message["type"] == "lifespan.shutdown.complete":
                await sync_to_async(request_log.close, thread_sensitive=False)()
            await send(message)

        await intake_application(scope, receive, send_last)
    elif scope["type"] == "http" and scope["path"].startswith("/hooks/"):
        await intake_application(scope, receive, send)
    elif scope["type"] == "websocket":
        await websocket_application(scope, receive, send)
    else:
        await django_application(scope, receive, send)
