"""API keys by API: for people with a session or an access token who have just confirmed; never for a key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.errors import RightMissing
from apps.accounts.models import ApiKey
from apps.accounts.selectors import keys_of
from apps.accounts.selectors.key_requests import OUTCOMES, request_lines
from apps.accounts.services import change_api_key, create_api_key, revoke_api_key, rotate_api_key
from apps.core.api.serializers import ModelSerializer, Serializer
from apps.core.api.views import GenericApiViewSet
from apps.core.models import ApiRequest

SECRET = "cw_RJV4NziR4vfQoznrwaQlPwUD9zCVa3WpSPQxDlzhmEI3W2fZX"  # noqa: S105  an example
KEY: dict[str, Any] = {
    "uuid": "0b0a5c39-6e63-4a0a-9d55-6ad1a7c9f0e1",
    "name": "research notebook",
    "prefix": "cw_RJV4Nz",
    "made_by": "ana@example.com",
    "scopes": ["backtests.run", "backtests.view", "formulas.view"],
    "allowed_networks": ["203.0.113.7/32"],
    "requests_per_minute": 60,
    "created_at": "2026-11-21T12:00:00Z",
    "expires_at": "2027-11-21T12:00:00Z",
    "last_used_at": None,
    "last_used_ip": None,
    "replaced_by": None,
}
REQUEST = {
    "at": "2026-11-21T12:00:00Z",
    "method": "GET",
    "path": "/api/v1/formulas/{uuid}/",
    "status": 404,
    "milliseconds": 12.4,
    "bytes_sent": 187,
    "ip": "203.0.113.7",
    "request_id": "0b1f3c5d7e9a4b6c8d0e2f4a6b8c0d1e",
}
ASKED = {
    name: KEY[name] for name in ("name", "scopes", "allowed_networks", "requests_per_minute", "expires_at")
}


class ApiKeySerializer(ModelSerializer[ApiKey]):
    made_by = serializers.EmailField(source="user.email", read_only=True)
    replaced_by = serializers.SlugRelatedField(slug_field="uuid", read_only=True, allow_null=True)  # type: ignore[var-annotated]
    scopes = serializers.ListField(
        child=serializers.CharField(max_length=40), help_text="Names of rights, at most those of your role."
    )
    allowed_networks = serializers.ListField(
        child=serializers.CharField(max_length=50),
        required=False,
        max_length=50,
        help_text="IPv4 and IPv6 addresses and networks; empty allows every address.",
    )
    requests_per_minute = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=1_000_000, help_text="Below that of the plan."
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text="A year from now unless given; null never ends."
    )

    class Meta:
        model = ApiKey
        fields = list(KEY)
        read_only_fields = ["uuid", "prefix", "created_at", "last_used_at", "last_used_ip"]


class NewApiKeySerializer(ApiKeySerializer):
    secret = serializers.CharField(read_only=True, help_text="The key itself, in this answer only.")

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "secret"]


class ApiKeyChangeSerializer(ApiKeySerializer):
    class Meta(ApiKeySerializer.Meta):
        fields = ["name", "allowed_networks", "requests_per_minute"]


class ApiRequestSerializer(ModelSerializer[ApiRequest]):
    path = serializers.CharField(read_only=True, help_text="The route as the reference writes it.")

    class Meta:
        model = ApiRequest
        fields = ["at", "method", "path", "status", "milliseconds", "bytes_sent", "ip", "request_id"]


class RotateKeySerializer(Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        default=24, min_value=0, max_value=168, help_text="How long the old key works on."
    )


class ApiKeyViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[ApiKey]):
    """The workspace's keys; one's own for those without the right `keys.manage`."""

    describes = {
        "list": (
            "List API keys. Everybody's for those with the right `keys.manage`, else one's own; "
            "secrets are never shown."
        ),
        "retrieve": (
            "Read an API key. Its scopes, its end, where it may be used from and when it last "
            "was; never its secret."
        ),
    }
    rights = {"*": "keys.use"}
    problems = {"create": (422,), "partial_update": (422,), "rotate": (409, 422)}
    parameters = {"requests": ("cursor", "page_size")}
    confirmed = {"create", "partial_update", "destroy", "rotate"}
    serializer_class = ApiKeySerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = ApiKey.objects.none()

    def get_queryset(self) -> QuerySet[ApiKey]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        request: Any = self.request
        return keys_of(request.workspace, maker=None if "keys.manage" in request.rights else request.user)

    @extend_schema(
        request=ApiKeySerializer,
        responses={201: NewApiKeySerializer},
        examples=[
            OpenApiExample("A key for a notebook", value=ASKED, request_only=True),
            OpenApiExample("Its only appearance", value={**KEY, "secret": SECRET}, response_only=True),
        ],
    )
    def create(self, request: Request) -> Response:
        """Make a key. The answer is the only place where its secret ever stands."""
        asked = ApiKeySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        values = {name: value for name, value in asked.validated_data.items() if name in ASKED}
        key, secret = create_api_key(request.workspace, actor=request.user, **values)  # type: ignore[attr-defined]
        return self._with_secret(key, secret)

    @extend_schema(
        request=ApiKeyChangeSerializer,
        responses=ApiKeySerializer,
        examples=[
            OpenApiExample(
                "From one office only", value={"allowed_networks": ["198.51.100.0/24"]}, request_only=True
            )
        ],
    )
    def partial_update(self, request: Request, uuid: str) -> Response:
        """Change the name, the allowed addresses or the limit of a key of your own."""
        key = self._mine(request)
        asked = ApiKeyChangeSerializer(key, data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        values = {name: getattr(key, name) for name in ("name", "allowed_networks", "requests_per_minute")}
        changed = change_api_key(key, actor=request.user, **{**values, **asked.validated_data})  # type: ignore[arg-type]
        return Response(ApiKeySerializer(changed).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, uuid: str) -> Response:
        """Revoke a key: it stops working at once."""
        revoke_api_key(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        request=RotateKeySerializer,
        responses={201: NewApiKeySerializer},
        examples=[
            OpenApiExample("One hour to change over", value={"overlap_hours": 1}, request_only=True),
            OpenApiExample("The successor", value={**KEY, "secret": SECRET}, response_only=True),
        ],
    )
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, uuid: str) -> Response:
        """Make a successor with the same settings. The old key works on for `overlap_hours`."""
        key = self._mine(request)
        asked = RotateKeySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        overlap = timedelta(hours=asked.validated_data["overlap_hours"])
        return self._with_secret(*rotate_api_key(key, actor=request.user, overlap=overlap))  # type: ignore[arg-type]

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "outcome",
                str,
                enum=list(OUTCOMES),
                description="Only those that were answered (2xx, 3xx), refused (4xx) or failed on our side (5xx)",
            )
        ],
        responses=ApiRequestSerializer(many=True),
        examples=[OpenApiExample("A refused request", value=REQUEST, response_only=True)],
    )
    @action(detail=True)
    def requests(self, request: Request, uuid: str) -> Response:
        """The requests made with the key, newest first, each a second or two after its answer, for 30 days."""
        outcome = request.query_params.get("outcome", "")
        if outcome and outcome not in OUTCOMES:
            raise serializers.ValidationError({"outcome": [f"Give one of {', '.join(OUTCOMES)}."]})
        page = self.paginate_queryset(request_lines(self.get_object(), outcome=outcome))
        return self.get_paginated_response(ApiRequestSerializer(page, many=True).data)

    def _mine(self, request: Request) -> ApiKey:
        key = self.get_object()
        if key.user_id != request.user.pk:
            raise RightMissing("Only the maker of a key can change or rotate it: it acts as that person.")
        return key

    def _with_secret(self, key: ApiKey, secret: str) -> Response:
        answer = Response({**ApiKeySerializer(key).data, "secret": secret}, status=status.HTTP_201_CREATED)
        answer["Location"] = f"/api/v1/api-keys/{key.uuid}/"
        answer["Cache-Control"] = "no-store"
        return answer
