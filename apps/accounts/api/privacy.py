"""A person's data by API: exports, and the end of the account. Both ask for a fresh confirmation, never a key."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_serializer
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import DataExport
from apps.accounts.needs import IN_PERSON
from apps.accounts.selectors.privacy import exports_of
from apps.accounts.services.privacy import cancel_erasure, note_download, request_erasure, request_export
from apps.core.api.serializers import ModelSerializer, Serializer
from apps.core.api.views import ApiViewSet, GenericApiViewSet


class DataExportSerializer(ModelSerializer[DataExport]):
    class Meta:
        model = DataExport
        fields = ["uuid", "status", "percent", "size", "sha256", "created_at", "finished_at", "expires_at"]
        read_only_fields = fields

    percent = serializers.IntegerField(read_only=True)


@extend_schema_serializer(many=False)
class ErasureSerializer(Serializer):
    erase_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the account is deleted; null: it stays."
    )


class DataExportViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[DataExport]):
    describes = {
        "list": "List exports of my data. Newest first; a file is kept for 7 days.",
        "retrieve": "Read an export of my data. How far it is, and until when its file can be fetched.",
    }
    rights = {"*": IN_PERSON}
    confirmed = {"create", "file"}
    serializer_class = DataExportSerializer
    lookup_field = "uuid"
    queryset = DataExport.objects.none()
    answers_files = ("file",)
    problems = {"file": (409,)}

    def get_queryset(self) -> QuerySet[DataExport]:
        return exports_of(self.request.user)  # type: ignore[arg-type]

    @extend_schema(request=None, responses={202: DataExportSerializer})
    def create(self, request: Request) -> Response:
        """Have everything about you put together as a ZIP. While one is being made, that one is the answer."""
        export = request_export(request.user, actor=request.user)
        return Response(self.get_serializer(export).data, status=202)

    @extend_schema(responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(detail=True)
    def file(self, request: Request, uuid: UUID) -> FileResponse:
        """The ZIP of an export that is ready, for 7 days."""
        path = note_download(self.get_object(), actor=request.user)
        return FileResponse(default_storage.open(path, "rb"), content_type="application/zip")


class ErasureViewSet(ApiViewSet):
    rights = {"*": IN_PERSON}
    confirmed = {"create"}
    versioned = False
    problems = {"create": (409,)}

    @extend_schema(responses=ErasureSerializer)
    def list(self, request: Request) -> Response:
        """When your account is deleted, if you asked for it."""
        return self._answer(request)

    @extend_schema(request=None, responses={200: ErasureSerializer})
    def create(self, request: Request) -> Response:
        """Have your account deleted, with all that is yours alone, after 14 days in which you can take it back."""
        request_erasure(request.user, actor=request.user)
        return self._answer(request)

    @extend_schema(request=None, responses=ErasureSerializer)
    @action(detail=False, methods=["post"])
    def cancel(self, request: Request) -> Response:
        """Keep the account after all."""
        cancel_erasure(request.user, actor=request.user)
        return self._answer(request)

    def _answer(self, request: Any) -> Response:
        return Response(ErasureSerializer({"erase_at": request.user.erase_at}).data)
