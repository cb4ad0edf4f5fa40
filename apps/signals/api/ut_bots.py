"""UT Bots by program."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.serializers import ModelSerializer, Serializer
from apps.core.api.views import GenericApiViewSet
from apps.signals.api.serializers import TestAlertSerializer
from apps.signals.models import AlertSource, UtBot
from apps.signals.selectors import sources_of, ut_bots_of
from apps.signals.services import create_ut_bot, delete_ut_bot, formula_of_ut_bot, try_ut_bot, update_ut_bot
from apps.signals.ut_bot.messages import placeholder_message, sample_message
from apps.signals.ut_bot.script import script_of


class UtBotSerializer(ModelSerializer[UtBot]):
    source: Any = serializers.SlugRelatedField(slug_field="uuid", queryset=AlertSource.objects.none())
    symbols = serializers.ListField(child=serializers.CharField(max_length=61), min_length=1, max_length=40)
    multiplier = serializers.DecimalField(
        max_digits=4, decimal_places=2, required=False, help_text="0.1 to 50, as text"
    )
    strategy = serializers.CharField(read_only=True, help_text="The name that its alerts bear")

    class Meta:
        model = UtBot
        fields = [
            "uuid",
            "strategy",
            "name",
            "source",
            "symbols",
            "timeframe",
            "ema_period",
            "atr_period",
            "multiplier",
            "formula_hash",
            "created_at",
        ]
        read_only_fields = ["formula_hash"]

    def get_fields(self) -> dict[str, Any]:
        """Sources of the workspace."""
        fields = super().get_fields()
        workspace = getattr(self.context.get("request"), "workspace", None)
        if workspace is not None:
            fields["source"].queryset = sources_of(workspace)
        return fields


class UtBotPineSerializer(Serializer[dict[str, Any]]):
    script = serializers.CharField(help_text="Pine v6")
    message = serializers.JSONField(help_text="What the script sends, by example")
    buy_message = serializers.CharField(help_text="For an alert on another UT Bot indicator")
    sell_message = serializers.CharField()


class UtBotFormulaSerializer(Serializer[dict[str, Any]]):
    formula = serializers.UUIDField(help_text="Of the workspace")
    text = serializers.CharField()


@extend_schema(tags=["ut-bots"])
class UtBotViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[UtBot]):
    describes = {
        "list": "List UT Bots. Newest first.",
        "retrieve": "Read a UT Bot. Its parameters, and the source its alerts go to.",
    }
    problems = {"test": (409,)}
    rights = {
        "list": "signals.view",
        "retrieve": "signals.view",
        "pine": "signals.view",
        "formula": "formulas.edit",
        "*": "signals.manage",
    }
    serializer_class = UtBotSerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = UtBot.objects.none()

    def get_queryset(self) -> QuerySet[UtBot]:
        return ut_bots_of(self.request.workspace)  # type: ignore[attr-defined]

    @extend_schema(responses={201: UtBotSerializer})
    def create(self, request: Request) -> Response:
        """Set up a UT Bot. Its number follows that of the workspace's last."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        bot = create_ut_bot(request.workspace, body.validated_data, actor=request.user)  # type: ignore[attr-defined,arg-type]
        return Response(self.get_serializer(bot).data, status=201)

    @extend_schema(request=UtBotSerializer, responses=UtBotSerializer)
    def partial_update(self, request: Request, uuid: Any = None) -> Response:
        """Change a UT Bot. Scripts that were taken to TradingView stay as they are there."""
        bot = self.get_object()
        body = self.get_serializer(bot, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        update_ut_bot(bot, body.validated_data, actor=request.user)  # type: ignore[arg-type]
        return Response(self.get_serializer(self.get_queryset().get(pk=bot.pk)).data)

    def destroy(self, request: Request, uuid: Any = None) -> Response:
        """Delete a UT Bot. Its signals, source and formula stay."""
        delete_ut_bot(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    @extend_schema(responses=UtBotPineSerializer)
    @action(detail=True, methods=["get"])
    def pine(self, request: Request, uuid: Any = None) -> Response:
        """Read its script for TradingView, and its messages."""
        bot = self.get_object()
        answer = {
            "script": script_of(bot.rule),
            "message": sample_message(bot.rule, formula=bot.formula_hash, now=timezone.now()),
            "buy_message": placeholder_message(bot.rule, "long"),
            "sell_message": placeholder_message(bot.rule, "short"),
        }
        return Response(UtBotPineSerializer(answer).data)

    @extend_schema(request=None, responses=UtBotFormulaSerializer)
    @action(detail=True, methods=["post"])
    def formula(self, request: Request, uuid: Any = None) -> Response:
        """Open it as a formula. The one made before is answered again while it says the same."""
        formula = formula_of_ut_bot(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response({"formula": str(formula.uuid), "text": formula.text})

    @extend_schema(request=None, responses={202: TestAlertSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, uuid: Any = None) -> Response:
        """Send the script's message to its source. The signal is marked as a test."""
        alert_id = try_ut_bot(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response({"id": str(alert_id)}, status=202)
