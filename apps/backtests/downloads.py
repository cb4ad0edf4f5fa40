"""An export as an answer that a browser saves."""

from __future__ import annotations

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from apps.backtests.selectors import Export


def as_download(export: Export) -> HttpResponseBase:
    if not isinstance(export.content, bytes):
        return FileResponse(
            export.content, as_attachment=True, filename=export.filename, content_type=export.content_type
        )
    response = HttpResponse(export.content, content_type=export.content_type)
    response["Content-Disposition"] = content_disposition_header(True, export.filename)
    return response
