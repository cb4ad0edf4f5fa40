"""What will go says so in every answer and in the description (RFC 9745, RFC 8594)."""

from __future__ import annotations

from datetime import date

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import DefaultRouter
from rest_framework.test import APIRequestFactory

from apps.core.api.deprecation import Deprecation
from apps.core.api.views import ApiViewSet
from apps.core.errors import Conflict


class OldViewSet(ApiViewSet):
    """Things of old."""

    permission_classes = []
    authentication_classes = []
    # RFC 9745 says of @1688169599 that it is 2023-06-30T23:59:59Z; the next second begins July
    deprecated = {
        "list": Deprecation(
            since=date(2023, 7, 1), sunset=date(2024, 6, 30), instead="Use `GET /new/` instead."
        ),
        "create": Deprecation(since=date(2023, 7, 1), sunset=date(2024, 6, 30), instead="There is no other."),
    }

    def list(self, request: Request) -> Response:
        """List things of old."""
        return Response({"results": [], "next": "http://testserver/?cursor=x"})

    def create(self, request: Request) -> Response:
        """Make a thing of old."""
        raise Conflict("No.")

    def retrieve(self, request: Request, pk: str) -> Response:
        """Read a thing of old."""
        return Response({})


router = DefaultRouter()
router.register("api/v1/old", OldViewSet, basename="old")
urlpatterns = router.urls


def ask(method: str, action: str, **arguments: str) -> Response:
    request = getattr(APIRequestFactory(), method)("/api/v1/old/")
    return OldViewSet.as_view({method: action})(request, **arguments)


@pytest.mark.django_db
def test_answers_say_since_when_and_until_when():
    answer = ask("get", "list")
    assert answer["Deprecation"] == "@1688169600"
    assert answer["Sunset"] == "Sun, 30 Jun 2024 00:00:00 GMT"
    assert 'rel="next"' in answer["Link"]
    assert '</api/docs/>; rel="deprecation"' in answer["Link"]
    refused = ask("post", "create")
    assert (refused.status_code, refused["Deprecation"]) == (409, "@1688169600")
    stays = ask("get", "retrieve", pk="1")
    assert "Deprecation" not in stays
    assert "Sunset" not in stays


def test_the_description_says_it_too():
    generator = SchemaGenerator(urlconf="tests.core.api.test_deprecation")
    paths = generator.get_schema(request=None, public=True)["paths"]
    old, stays = paths["/api/v1/old/"]["get"], paths["/api/v1/old/{id}/"]["get"]
    assert old["deprecated"] is True
    assert "gone on 2024-06-30. Use `GET /new/` instead." in old["description"]
    assert old["summary"] == "List things of old"
    assert {"Deprecation", "Sunset", "Link"} <= set(old["responses"]["200"]["headers"])
    assert "deprecated" not in stays
    assert "Sunset" not in stays["responses"]["200"]["headers"]


def test_less_than_half_a_year_is_refused():
    with pytest.raises(ValueError, match=r"2024-12-30 is the earliest"):
        Deprecation(since=date(2024, 7, 1), sunset=date(2024, 12, 29), instead="")
