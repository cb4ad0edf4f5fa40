"""Answers that are longer than memory should hold: sent as they are made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse


def stream_file(
    request: HttpRequest, chunks: Iterator[str], *, name: str, content_type: str, cache: str = "no-store"
) -> StreamingHttpResponse:
    """A download of `chunks`, each made when the one before it is sent; `cache` is its Cache-Control.

    Django collects a plain iterator whole before it sends any of it through ASGI, so there it is made asynchronous.
    """
    content = _one_by_one(chunks) if isinstance(request, ASGIRequest) else chunks
    response = StreamingHttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = cache
    return response


async def _one_by_one(chunks: Iterator[str]) -> AsyncIterator[str]:
    following = sync_to_async(lambda: next(chunks, None), thread_sensitive=True)
    while (chunk := await following()) is not None:
        yield chunk
