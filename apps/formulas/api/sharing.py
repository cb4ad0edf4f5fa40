"""A formula shared with people outside its workspace, by program."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.serializers import ModelSerializer
from apps.formulas.access import get_formula_for, get_share_of, shared_formulas
from apps.formulas.api.language import given
from apps.formulas.choices import ShareLevel
from apps.formulas.models import FormulaShare
from apps.formulas.selectors import shares_of
from apps.formulas.services import change_share, revoke_share, share_formula

SHARE = OpenApiParameter("share", {"type": "string", "format": "uuid"}, OpenApiParameter.PATH)
ONE_SHARE = "shares/(?P<share>[0-9a-f-]{36})"
SHARED = OpenApiExample(
    "A share",
    value={
        "uuid": "6a3b6c1e-3d0e-4b5c-9a53-0d2a7f1c8e44",
        "email": "ben@example.org",
        "level": "view",
        "shared_by": "ana@example.com",
        "created_at": "2026-11-21T09:30:00Z",
        "updated_at": "2026-11-21T09:30:00Z",
    },
    response_only=True,
)


class ShareSerializer(ModelSerializer[FormulaShare]):
    shared_by = serializers.EmailField(source="shared_by.email", read_only=True, allow_null=True)
    level = serializers.ChoiceField(
        ShareLevel.choices, help_text="view; copy: view and copy; edit: that, and change the draft"
    )

    class Meta:
        model = FormulaShare
        fields = ["uuid", "email", "level", "shared_by", "created_at", "updated_at"]


class ShareLevelSerializer(ShareSerializer):
    class Meta(ShareSerializer.Meta):
        fields = ["level"]


class SharesMixin:
    """The actions below `formulas/{uuid}/` about sharing."""

    request: Any
    locked: Any

    @extend_schema(methods=["get"], responses=ShareSerializer(many=True), examples=[SHARED])
    @extend_schema(
        methods=["post"],
        request=ShareSerializer,
        responses={201: ShareSerializer},
        examples=[
            OpenApiExample(
                "To read only", value={"email": "ben@example.org", "level": "view"}, request_only=True
            ),
            SHARED,
        ],
    )
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def shares(self, request: Request, uuid: str) -> Response:
        """With whom the formula is shared; a POST shares it with the person of an e-mail address, who is told by mail.
        Whether an account has that address is not told."""
        formula = get_formula_for(self.request.workspace, uuid)
        if request.method == "GET":
            return Response(ShareSerializer(shares_of(formula), many=True).data)
        share = share_formula(formula, actor=self.request.user, **given(ShareSerializer, request))
        return Response(ShareSerializer(share).data, status=201)

    @extend_schema(methods=["get"], responses=ShareSerializer, parameters=[SHARE], examples=[SHARED])
    @extend_schema(
        methods=["patch"],
        request=ShareLevelSerializer,
        responses=ShareSerializer,
        parameters=[SHARE],
        examples=[OpenApiExample("To be copied too", value={"level": "copy"}, request_only=True), SHARED],
    )
    @extend_schema(methods=["delete"], request=None, responses={204: None}, parameters=[SHARE])
    @action(detail=True, methods=["get", "patch", "delete"], url_path=ONE_SHARE)
    def share(self, request: Request, uuid: str, share: str) -> Response:
        """One share: its level can be changed; deleted, it ends at once, and copies made of the formula stay."""
        found = get_share_of(get_formula_for(self.request.workspace, uuid), share)
        if request.method != "GET":
            found = self.locked(found, ShareSerializer)
        if request.method == "DELETE":
            revoke_share(found, actor=self.request.user)
            return Response(status=204)
        if request.method == "PATCH":
            found = change_share(
                found, level=given(ShareLevelSerializer, request)["level"], actor=self.request.user
            )
        return Response(ShareSerializer(found).data)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, uuid: str) -> Response:
        """Take a formula that somebody else shares off one's list."""
        formula = get_object_or_404(shared_formulas(request), uuid=uuid)
        revoke_share(formula.shares.get(person=self.request.user), actor=self.request.user)
        return Response(status=204)
