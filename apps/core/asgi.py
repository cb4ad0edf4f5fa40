"""Django behind ASGI, a request in one thread from its first signal to its last.

Django's own handler makes a thread for each request, and goes back and forth between it and the event loop at every
middleware that is not asynchronous. Our views are not, and neither is the database: here the whole request runs in one
of a few threads that stay, so that their database connections stay too (CONN_MAX_AGE).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

# More of them wait for one another's turn (Python runs one at a time) longer than for the database.
THREADS = 4


class ThreadedHandler(ASGIHandler):
    """Answers as Django's handler does. A view is not told that its caller has hung up: it runs to its end."""

    def __init__(self, threads: int = THREADS) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        super().__init__()

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Django answers HTTP only, not {scope['type']}.")
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            respond = sync_to_async(self._respond, thread_sensitive=False, executor=self._threads)
            response = await respond(scope, body)
            try:
                await self.send_response(response, send)
            finally:
                if response.streaming:
                    await sync_to_async(response.close, thread_sensitive=False, executor=self._threads)()
        finally:
            body.close()

    def _respond(self, scope: Any, body: Any) -> HttpResponseBase:
        """The response; one that streams is still open, since what it reads is read while it is sent."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        response: Any
        request, response = self.create_request(scope, body)
        if request is not None:
            response = self.get_response(request)
            response._handler_class = type(self)
            if isinstance(response, FileResponse):
                response.block_size = self.chunk_size
        if not response.streaming:
            response.close()  # sends request_finished, which tidies this thread's connections
        return response  # type: ignore[no-any-return]
