"""The API's own description and the page that shows it, from our own files, made once in each process."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import spectacular_settings
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework import renderers
from rest_framework.request import Request

from apps.core.api.conditions import is_not_modified
from apps.core.api.rendering import etag_of
from apps.core.kept import in_english

# Swagger UI's own filter finds tags only; this one finds words in paths and summaries too.
LOOK = """{
  "deepLinking": true,
  "persistAuthorization": true,
  "displayRequestDuration": true,
  "docExpansion": "none",
  "defaultModelsExpandDepth": 0,
  "filter": true,
  "plugins": [{"fn": {"opsFilter": (tags, phrase) => tags.map((tag, name) => {
    const words = phrase.toLowerCase().split(/\\s+/).filter(Boolean);
    return tag.update("operations", (operations) => operations.filter((operation) => {
      const text = [name, operation.get("path"), operation.get("method"),
        operation.getIn(["operation", "summary"])].join(" ").toLowerCase();
      return words.every((word) => text.includes(word));
    }));
  }).filter((tag) => tag.get("operations").size > 0)}}]
}"""


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """The OpenAPI document: it changes with the code only, and takes a second to put together."""
    with in_english():  # whoever asks first: the names and help texts of columns have their reader's language
        return SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-any-return, no-untyped-call]


@lru_cache(maxsize=4)
def rendered(renderer: type[renderers.BaseRenderer]) -> bytes:
    content = renderer().render(description(), renderer.media_type, {})
    return content.encode() if isinstance(content, str) else content


class DescriptionView(SpectacularAPIView):
    """OpenAPI 3.1 as YAML, or as JSON where Accept asks for it."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = request.accepted_renderer
        content = rendered(type(chosen))
        tag = etag_of(content)
        response = (
            HttpResponse(status=304)
            if is_not_modified(request, tag)
            else HttpResponse(content, content_type=chosen.media_type)
        )
        response["ETag"] = tag
        response["Cache-Control"] = "no-cache"
        response["Content-Disposition"] = f'inline; filename="candlewright-api.{chosen.format}"'
        response["Vary"] = "Accept"
        return response


class DocumentationView(SpectacularSwaggerSplitView):
    """Swagger UI: search, examples, and a way to try a request with a key."""

    authentication_classes: Iterable[Any] = ()
    permission_classes: Iterable[Any] = ()
    url_name = "api-schema"
    template_name = "core/api/docs.html"
    template_name_js = "core/api/docs.js"

    def _dump(self, data: Any) -> str:
        if data is spectacular_settings.SWAGGER_UI_SETTINGS:
            return LOOK
        return super()._dump(data)  # type: ignore[no-any-return, no-untyped-call]
