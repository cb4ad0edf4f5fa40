"""Formulas by program: keep, check, publish."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.formulas.api.serializers import (
    CheckReportSerializer,
    CheckRequestSerializer,
    FormulaSerializer,
    FormulaVersionSerializer,
)
from apps.formulas.models import Formula
from apps.formulas.selectors import check_report, formulas_of
from apps.formulas.services import archive_formula, create_formula, publish_formula, save_formula


class FormulaViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet[Formula],
):
    """Drafts may hold errors; publishing and backtesting refuse them."""

    serializer_class = FormulaSerializer
    lookup_field = "uuid"
    queryset = Formula.objects.none()

    def get_queryset(self) -> QuerySet[Formula]:
        return formulas_of(self.request.workspace)  # type: ignore[attr-defined]

    def perform_create(self, serializer: BaseSerializer[Formula]) -> None:
        serializer.instance = create_formula(
            self.request.workspace,  # type: ignore[attr-defined]
            actor=self.request.user,  # type: ignore[arg-type]
            **serializer.validated_data,
        )

    def perform_update(self, serializer: BaseSerializer[Formula]) -> None:
        formula = serializer.instance
        assert formula is not None
        values: dict[str, Any] = {"name": formula.name, "text": formula.text} | serializer.validated_data
        serializer.instance = save_formula(formula, actor=self.request.user, **values)  # type: ignore[arg-type]

    def perform_destroy(self, instance: Formula) -> None:
        archive_formula(instance, actor=self.request.user)  # type: ignore[arg-type]

    @extend_schema(request=CheckRequestSerializer, responses=CheckReportSerializer)
    @action(detail=False, methods=["post"])
    def check(self, request: Request) -> Response:
        """Every error of a text at once, with line, column, message and hint; nothing is stored."""
        body = CheckRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(check_report(body.validated_data["text"]))

    @extend_schema(request=None, responses=FormulaVersionSerializer)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, uuid: str) -> Response:
        """Freeze the draft as a version; 422 with `formula_errors` while it has errors."""
        version = publish_formula(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(FormulaVersionSerializer(version).data, status=201)

    @extend_schema(responses=FormulaVersionSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def history(self, request: Request, uuid: str) -> Response:
        """Published versions, newest first."""
        return Response(FormulaVersionSerializer(self.get_object().versions.all(), many=True).data)
