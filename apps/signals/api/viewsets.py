"""Signals by program: read them, and look after the sources."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User, Workspace
from apps.core.api.filters import MomentFilter
from apps.core.api.views import GenericApiViewSet
from apps.core.errors import NotFound
from apps.signals.api.alerts import AlertReplaySerializer
from apps.signals.api.performance import (
    ChainSerializer,
    PerformanceQuerySerializer,
    PerformanceSerializer,
    ProofSerializer,
    PublishRecordSerializer,
    SignalOutcomesSerializer,
    WhySerializer,
)
from apps.signals.api.serializers import (
    AlertSourceSerializer,
    NewAddressSerializer,
    ReadSerializer,
    RotateSerializer,
    SignalSerializer,
    SigningKeySerializer,
    TestAlertSerializer,
    TryTemplateSerializer,
)
from apps.signals.choices import Action, SourceKind
from apps.signals.errors import SourceRefused
from apps.signals.models import AlertSource, Signal, SignalChain
from apps.signals.selectors import replays_of, signals_of, sources_of
from apps.signals.selectors.chain import (
    chain_of,
    day_of_link,
    days_document,
    last_link,
    line_of,
    link_of,
    told_fields,
)
from apps.signals.selectors.performance import PerformanceFilter, groups_of, total_of
from apps.signals.selectors.why import WhyFired, why_fired
from apps.signals.services import (
    address_of,
    create_source,
    drop_signing_keys,
    new_signing_key,
    rename_source,
    rotate_token,
    send_test_alert,
    set_allowed_networks,
    set_passphrase,
    set_source_active,
    set_template,
    start_replay,
    try_template,
)
from apps.signals.services.publishing import publish_record


class SignalFilterSet(django_filters.FilterSet):
    symbol = django_filters.CharFilter(lookup_expr="iexact")
    action = django_filters.ChoiceFilter(choices=Action.choices)
    source = django_filters.UUIDFilter(field_name="source__uuid")
    received_after = MomentFilter(field_name="received_at", lookup_expr="gte")
    received_before = MomentFilter(field_name="received_at", lookup_expr="lt")

    class Meta:
        model = Signal
        fields = ["timeframe", "is_test"]


class SignalViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[Signal]):
    describes = {
        "list": (
            "List signals. Newest first, of every source of the workspace; filters choose symbol,"
            " action, source and time."
        ),
        "retrieve": "Read a signal. With the source it came from and when it was received.",
    }
    rights = {"publish_record": "workspace.own", "*": "signals.view"}
    serializer_class = SignalSerializer
    filterset_class = SignalFilterSet
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = Signal.objects.none()

    def get_queryset(self) -> QuerySet[Signal]:
        return signals_of(_workspace(self.request))

    @extend_schema(parameters=[PerformanceQuerySerializer], responses=PerformanceSerializer, filters=False)
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def performance(self, request: Request) -> Response:
        """Read how signals fared. Counts, shares with their intervals, returns and excursions at one horizon."""
        query = PerformanceQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        chosen = PerformanceFilter(
            horizon_s=asked["horizon"],
            by=asked["by"],
            source=asked.get("source"),
            symbol=asked.get("symbol", ""),
            action=asked.get("action", ""),
            days=asked.get("days"),
        )
        answer = {
            "horizon_s": chosen.horizon_s,
            "total": total_of(_workspace(request), chosen),
            "groups": groups_of(_workspace(request), chosen),
        }
        return Response(PerformanceSerializer(answer).data)

    @extend_schema(responses=ChainSerializer, filters=False)
    @action(detail=False, methods=["get"], filterset_class=None, pagination_class=None)
    def record(self, request: Request) -> Response:
        """Read the state of the record. Its key, its signed days, and whether the last verification found it whole."""
        return self._state_of_record(chain_of(_workspace(request)))  # None before the first signal

    @extend_schema(
        request=PublishRecordSerializer,
        responses=ChainSerializer,
        filters=False,
        examples=[
            OpenApiExample(
                "For everybody, contents after a day",
                value={"slug": "wren-and-sons", "reveal_after_h": 24},
                request_only=True,
            )
        ],
    )
    @record.mapping.put
    def publish_record(self, request: Request) -> Response:
        """Show the record to everybody, or no longer. At `/verify/<slug>/`; what was public may have been copied."""
        body = PublishRecordSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        actor = cast(User, request.user)
        return self._state_of_record(publish_record(_workspace(request), actor=actor, **body.validated_data))

    def _state_of_record(self, chain: SignalChain | None) -> Response:
        last = last_link(chain) if chain else None
        answer = {
            **days_document(chain),
            "links": last.number if last else 0,
            "head": last.link_hash if last else "",
            "slug": chain.slug if chain else None,
            "reveal_after_h": chain.reveal_after_h if chain else None,
            "verified_at": chain.verified_at if chain else None,
            "faults": chain.faults if chain else [],
        }
        return Response(ChainSerializer(answer).data)

    @extend_schema(responses=SignalOutcomesSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def outcomes(self, request: Request, uuid: Any = None) -> Response:
        """Read what the market did after a signal. One row for each horizon that is over."""
        outcomes = self.get_object().outcomes.order_by("horizon_s")
        return Response(SignalOutcomesSerializer({"outcomes": outcomes}).data)

    @extend_schema(responses=WhySerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def why(self, request: Request, uuid: Any = None) -> Response:
        """Read why a signal fired. For alerts that name a formula of the workspace, on the stored bars."""
        found = why_fired(self.get_object())
        if found is None:
            found = WhyFired("", missing="The alert names no formula.")
        answer = {
            "formula": found.name,
            "text": found.text,
            "time": found.time,
            "agrees": found.agrees,
            "missing": found.missing,
            "statements": found.statements,
        }
        return Response(WhySerializer(answer).data)

    @extend_schema(responses=ProofSerializer, filters=False)
    @action(detail=True, methods=["get"], filterset_class=None, pagination_class=None)
    def proof(self, request: Request, uuid: Any = None) -> Response:
        """Read a signal's place in the record. Who gets this can check it against the signed day."""
        link = link_of(self.get_object())
        if link is None:
            raise NotFound("This signal gets its link within a minute.")
        day = day_of_link(link)
        fields = told_fields(link.chain, [link.signal_uuid]).get(link.signal_uuid)
        return Response(
            ProofSerializer({"line": line_of(link, fields), "day": day.day if day else None}).data
        )


class AlertSourceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericApiViewSet[AlertSource]):
    describes = {
        "list": "List alert sources. Each is an address that takes alerts; tokens are never shown again.",
        "retrieve": "Read an alert source. Its name, whether it is on, and when it was last used.",
    }
    problems = {"test": (409,), "rotate": (409,), "replay": (409,), "try_template": (422,)}
    rights = {
        "list": "signals.view",
        "retrieve": "signals.view",
        "replays": "signals.view",
        "*": "signals.manage",
    }
    serializer_class = AlertSourceSerializer
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    queryset = AlertSource.objects.none()

    def get_queryset(self) -> QuerySet[AlertSource]:
        return sources_of(_workspace(self.request))

    @extend_schema(responses={201: NewAddressSerializer})
    def create(self, request: Request) -> Response:
        """Make a source. Its token and URL are told in this answer only."""
        body = AlertSourceSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        source, token = create_source(
            _workspace(request),
            name=values["name"],
            kind=values.get("kind", SourceKind.TRADINGVIEW),
            actor=request.user,  # type: ignore[arg-type]
        )
        _set_up(source, values, request)
        return Response(_new_address(source, token), status=201)

    @extend_schema(request=AlertSourceSerializer, responses=AlertSourceSerializer)
    def partial_update(self, request: Request, uuid: Any = None) -> Response:
        """Change a source. Name, on or off, who may send, how plain text is read; its kind stays."""
        source = self.get_object()
        body = AlertSourceSerializer(source, data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        if values.get("kind", source.kind) != source.kind:
            raise SourceRefused("A source keeps its kind; make another one.", field="kind")
        if "name" in values:
            rename_source(source, name=values["name"], actor=request.user)  # type: ignore[arg-type]
        _set_up(source, values, request)
        source.refresh_from_db()
        return Response(AlertSourceSerializer(source).data)

    def destroy(self, request: Request, uuid: Any = None) -> Response:
        """Switch the source off. Its signals and its log stay, so the row does too."""
        set_source_active(self.get_object(), active=False, actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    @extend_schema(request=RotateSerializer, responses=NewAddressSerializer)
    @action(detail=True, methods=["post"])
    def rotate(self, request: Request, uuid: Any = None) -> Response:
        """A new token; the present one works for `overlap_hours` longer."""
        source = self.get_object()
        body = RotateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        overlap = timedelta(hours=body.validated_data["overlap_hours"])
        token = rotate_token(source, actor=request.user, overlap=overlap)  # type: ignore[arg-type]
        return Response(_new_address(source, token))

    @extend_schema(request=RotateSerializer, responses={201: SigningKeySerializer})
    @action(detail=True, methods=["post"], url_path="signing-keys")
    def signing_keys(self, request: Request, uuid: Any = None) -> Response:
        """Want alerts to be signed. The key is told in this answer only; older ones end after `overlap_hours`."""
        source = self.get_object()
        body = RotateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        overlap = timedelta(hours=body.validated_data["overlap_hours"])
        return Response({"key": new_signing_key(source, actor=request.user, overlap=overlap)}, status=201)  # type: ignore[arg-type]

    @extend_schema(request=None, responses={204: None})
    @signing_keys.mapping.delete
    def drop_keys(self, request: Request, uuid: Any = None) -> Response:
        """Want no signatures any more. Alerts are taken without one."""
        drop_signing_keys(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response(status=204)

    @extend_schema(request=TryTemplateSerializer, responses={200: ReadSerializer})
    @action(detail=False, methods=["post"], url_path="try-template")
    def try_template(self, request: Request) -> Response:
        """Read a text by a template. Nothing is stored."""
        body = TryTemplateSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(ReadSerializer(try_template(**body.validated_data)).data)

    @extend_schema(request=AlertReplaySerializer, responses={202: AlertReplaySerializer})
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, uuid: Any = None) -> Response:
        """Read alerts for review anew. All that came since `since`, each of which makes one signal at most."""
        source = self.get_object()
        body = AlertReplaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        replay = start_replay(source, since=body.validated_data["since"], actor=request.user)  # type: ignore[arg-type]
        return Response(AlertReplaySerializer(replay).data, status=202)

    @extend_schema(responses=AlertReplaySerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], serializer_class=AlertReplaySerializer)
    def replays(self, request: Request, uuid: Any = None) -> Response:
        """List replays of a source. Newest first, with how far each is."""
        page = self.paginate_queryset(replays_of(self.get_object()))
        return self.get_paginated_response(AlertReplaySerializer(page, many=True).data)

    @extend_schema(request=None, responses={202: TestAlertSerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, uuid: Any = None) -> Response:
        """Send a sample alert; its signal is marked as a test."""
        alert_id = send_test_alert(self.get_object(), actor=request.user)  # type: ignore[arg-type]
        return Response({"id": str(alert_id)}, status=202)


def _workspace(request: Request) -> Workspace:
    return request.workspace  # type: ignore[attr-defined]


def _set_up(source: AlertSource, values: dict[str, Any], request: Request) -> None:
    """What is named of the settings; what is not stays."""
    actor: Any = request.user
    if "is_active" in values:
        set_source_active(source, active=values["is_active"], actor=actor)
    if "allowed_networks" in values:
        set_allowed_networks(source, values["allowed_networks"], actor=actor)
    if "passphrase" in values:
        set_passphrase(source, values["passphrase"], actor=actor)
    if "template" in values:
        set_template(source, values["template"], actor=actor)


def _new_address(source: AlertSource, token: str) -> dict[str, Any]:
    url = address_of(source.kind, token)
    return {"source": AlertSourceSerializer(source).data, "token": token, "url": url}
