"""Live feeds by program."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.needs import ALWAYS
from apps.core.api.serializers import ModelSerializer, Serializer
from apps.core.api.views import GenericApiViewSet
from apps.markets.access import get_instrument_for
from apps.markets.choices import FeedProvider
from apps.markets.models import Feed
from apps.markets.selectors import bars_of_feed, gaps_of, health_of, visible_feeds
from apps.markets.services.feed_setting import (
    change_feed,
    create_feed,
    delete_feed,
    drop_file,
    start_feed,
    stop_feed,
)

MOST_BARS = 5_000


class FeedSerializer(ModelSerializer[Feed]):
    symbol = serializers.CharField(source="instrument.symbol")
    is_shared = serializers.SerializerMethodField()
    settings = serializers.DictField(help_text="Of the provider: docs/feeds.md lists them")
    last_number = serializers.IntegerField(help_text="Number of the newest bar; -1 before the first")
    last_time = serializers.IntegerField(
        allow_null=True, help_text="When the newest bar opened, in milliseconds since 1970"
    )
    error = serializers.CharField(help_text="What the source said last, until a bar comes")
    dropped = serializers.IntegerField(help_text="Bars that came after a newer one and were not taken")

    class Meta:
        model = Feed
        fields = [
            "uuid",
            "symbol",
            "timeframe",
            "provider",
            "settings",
            "late_after",
            "stale_after",
            "is_active",
            "state",
            "state_at",
            "error",
            "last_number",
            "last_time",
            "last_received_at",
            "dropped",
            "heartbeat_at",
            "is_shared",
        ]
        read_only_fields = ["state", "state_at", "is_active", "last_received_at", "heartbeat_at"]

    def get_is_shared(self, feed: Feed) -> bool:
        return feed.workspace_id is None


class NewFeedSerializer(Serializer[dict[str, Any]]):
    provider = serializers.ChoiceField(choices=FeedProvider.choices)
    settings = serializers.DictField(help_text="Of the provider: docs/feeds.md lists them")
    timeframe = serializers.CharField(
        max_length=10, default="", allow_blank=True, help_text="Of a replay: that of its bars"
    )
    instrument = serializers.UUIDField(
        default=None,
        allow_null=True,
        help_text="Left out: one is made of the exchange's market, or of the symbol",
    )
    symbol = serializers.CharField(
        max_length=40, default="", allow_blank=True, help_text="Of a feed of files"
    )
    late_after = serializers.FloatField(default=2.0, help_text="Timeframes without a bar")
    stale_after = serializers.FloatField(default=3.0, help_text="Timeframes without a bar")


class ChangedFeedSerializer(Serializer[dict[str, Any]]):
    settings = serializers.DictField(required=False, help_text="Those that change")
    late_after = serializers.FloatField(required=False)
    stale_after = serializers.FloatField(required=False)


class FeedBarsSerializer(Serializer[dict[str, Any]]):
    first_number = serializers.IntegerField(
        help_text="Number of the first bar here; the others follow by one"
    )
    last_number = serializers.IntegerField(help_text="Ask for those after it next")
    time = serializers.ListField(child=serializers.IntegerField(), help_text="Opening times, ms since 1970")
    open = serializers.ListField(child=serializers.FloatField())
    high = serializers.ListField(child=serializers.FloatField())
    low = serializers.ListField(child=serializers.FloatField())
    close = serializers.ListField(child=serializers.FloatField())
    volume = serializers.ListField(child=serializers.FloatField())


class FeedGapSerializer(Serializer[dict[str, Any]]):
    after = serializers.DateTimeField()
    before = serializers.DateTimeField()
    missing = serializers.IntegerField(help_text="Bars")


class FeedHealthSerializer(Serializer[dict[str, Any]]):
    state = serializers.CharField()
    last_bar_at = serializers.DateTimeField(allow_null=True, help_text="When the newest bar opened")
    lag_s = serializers.FloatField(
        allow_null=True, help_text="From its close until it was here; none of a replay"
    )
    per_second = serializers.FloatField(allow_null=True, help_text="Bars a second, over the last hundred")
    next_at = serializers.DateTimeField(allow_null=True, help_text="When the next bar is due")
    gaps = FeedGapSerializer(many=True, help_text="Among the newest 2,000 bars, newest first")


class FileSerializer(Serializer[dict[str, Any]]):
    file = serializers.FileField()


class BarsQuerySerializer(Serializer[dict[str, Any]]):
    after_number = serializers.IntegerField(min_value=-1, default=-1)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_BARS, default=1000)


@extend_schema(tags=["feeds"])
class FeedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Feed]):
    describes = {
        "list": "List feeds. Shared ones and the workspace's own, by symbol, each with its state.",
        "retrieve": "Read a feed. What it follows, how it is set, and its state.",
    }
    problems = {
        "create": (409, 422),
        "partial_update": (409, 422),
        "destroy": (409,),
        "start": (409,),
        "drop": (409, 413, 422),
        "bars": (422,),
    }
    rights = {
        "list": "markets.view",
        "retrieve": "markets.view",
        "bars": "markets.view",
        "health": "markets.view",
        "*": "markets.edit",
    }
    plan = {"stop": ALWAYS}
    serializer_class = FeedSerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Feed.objects.none()
    filterset_fields = ["provider", "state", "timeframe", "instrument__symbol"]

    def get_queryset(self) -> QuerySet[Feed]:
        return visible_feeds(self.request.workspace)  # type: ignore[attr-defined]

    def get_parsers(self) -> list[BaseParser]:
        is_file = self.request is not None and self.request.path.endswith("/drop/")
        return [MultiPartParser()] if is_file else super().get_parsers()

    @extend_schema(request=NewFeedSerializer, responses={201: FeedSerializer})
    def create(self, request: Request) -> Response:
        """Set up a feed. It waits to be started."""
        body = NewFeedSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        workspace = request.workspace  # type: ignore[attr-defined]
        if values["instrument"] is not None:
            values["instrument"] = get_instrument_for(workspace, values["instrument"])
        feed = create_feed(workspace, **values, actor=request.user)  # type: ignore[arg-type]
        return Response(FeedSerializer(feed).data, status=201)

    @extend_schema(request=ChangedFeedSerializer, responses=FeedSerializer)
    def partial_update(self, request: Request, uuid: Any = None) -> Response:
        """Change a feed. Only settings that leave its bars what they are, once some have come."""
        feed = self.get_object()
        body = ChangedFeedSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        changed = change_feed(feed, **body.validated_data, actor=request.user)  # type: ignore[arg-type]
        return Response(FeedSerializer(changed).data)

    def destroy(self, request: Request, uuid: Any = None) -> Response:
        """Delete a feed with its bars. 409 while bots rest on it."""
        delete_feed(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    @extend_schema(request=None, responses=FeedSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, uuid: Any = None) -> Response:
        """Start a feed. Nothing changes when it runs."""
        return Response(FeedSerializer(start_feed(self.get_object(), actor=request.user)).data)  # type: ignore[arg-type]

    @extend_schema(request=None, responses=FeedSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, uuid: Any = None) -> Response:
        """Stop a feed. Its bars stay; bots on it wait."""
        return Response(FeedSerializer(stop_feed(self.get_object(), actor=request.user)).data)  # type: ignore[arg-type]

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "after_number", int, description="Only bars numbered above it (−1: from the first)"
            ),
            OpenApiParameter("limit", int, description=f"At most so many, up to {MOST_BARS:,} (1,000)"),
        ],
        responses=FeedBarsSerializer,
    )
    @action(detail=True, methods=["get"])
    def bars(self, request: Request, uuid: Any = None) -> Response:
        """Read bars as they came, oldest first. Ask on with the last number you have: nothing is left out or twice."""
        asked = BarsQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        found = bars_of_feed(self.get_object(), **asked.validated_data)
        columns = {
            name: getattr(found.bars, name).tolist()
            for name in ("time", "open", "high", "low", "close", "volume")
        }
        return Response({"first_number": found.first_number, "last_number": found.last_number, **columns})

    @extend_schema(responses=FeedHealthSerializer)
    @action(detail=True, methods=["get"])
    def health(self, request: Request, uuid: Any = None) -> Response:
        """Read how a feed is. Its state, how late bars are, when the next is due, and gaps."""
        feed = self.get_object()
        [health] = health_of([feed])
        gaps = [{"after": gap.after, "before": gap.before, "missing": gap.missing} for gap in gaps_of(feed)]
        answer = {
            "state": feed.state,
            "last_bar_at": health.last_bar_at,
            "lag_s": health.lag_s,
            "per_second": health.per_second,
            "next_at": health.next_at,
            "gaps": gaps,
        }
        return Response(FeedHealthSerializer(answer).data)

    @extend_schema(request={"multipart/form-data": FileSerializer}, responses={202: None})
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, uuid: Any = None) -> Response:
        """Drop a file of bars for a feed of files. It is read within seconds; the feed's error names what is wrong."""
        feed = self.get_object()
        body = FileSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        file = body.validated_data["file"]
        drop_file(feed, file=file, filename=file.name, actor=request.user)  # type: ignore[arg-type]
        return Response(status=202)
