"""The language's services: what an editor, or a program, asks about a text. Nothing is stored."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.accounts.needs import require
from apps.core.api.throttling import EditorThrottle
from apps.core.api.views import ApiViewSet
from apps.core.errors import NotFound
from apps.engine.lang.schema import blocks_schema, tree_schema
from apps.formulas.api.language_serializers import (
    CheckReportSerializer,
    CheckRequestSerializer,
    CompletionSerializer,
    DiffRequestSerializer,
    DiffSerializer,
    EvaluateRequestSerializer,
    ExplanationSerializer,
    FormattedSerializer,
    HoverSerializer,
    PineImportSerializer,
    PineRequestSerializer,
    PineSerializer,
    PineSourceSerializer,
    PlaceSerializer,
    PreviewRequestSerializer,
    SignatureSerializer,
    TemplateSerializer,
    TextFromSerializer,
    TextResultSerializer,
    TextSerializer,
    WhyRequestSerializer,
    WithSettingsSerializer,
)
from apps.formulas.library import search_templates, template_of
from apps.formulas.selectors import (
    blocks_of,
    certificate_of,
    changes_between,
    check_report,
    completions,
    evaluation_report,
    explained,
    formatted,
    formula_of_pine,
    hover_at,
    palette,
    pine_of,
    preview,
    recent_bars,
    signal_changes,
    signature_at,
    text_of,
    tree_of,
    why_report,
)
from apps.markets.models import BarSet
from apps.markets.selectors import visible_bar_sets
from apps.markets.services import load_bars

ANY_OBJECT = {200: {"type": "object", "additionalProperties": True}}
SCHEMAS = {"tree": tree_schema, "blocks": blocks_schema}


def given(serializer: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """The body as the serializer reads it; 400 where it cannot."""
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def bar_set_of(request: Request, uuid: UUID | str) -> BarSet:
    """The bars of this id; 404 for unknown ones and for another workspace's. Needs markets.view."""
    require(request, "markets.view")
    try:
        found = visible_bar_sets(request.workspace).filter(uuid=uuid).first()
    except ValidationError:  # no uuid at all
        found = None
    if found is None:
        raise NotFound(
            f"There are no bars {uuid} here; see /api/v1/bars/.", code="unknown_market", field="bar_set"
        )
    return found


def difference(
    bar_set: BarSet | None, old: str, new: str, old_settings: Any = None, new_settings: Any = None
) -> dict[str, Any]:
    """Changes in sentences, and the signals of `bar_set`."""
    changes = changes_between(old, new)
    signals = None
    if bar_set is not None:
        signals = signal_changes(
            old, new, load_bars(bar_set), old_settings=old_settings, new_settings=new_settings
        )
    return {**changes, "signals": signals}


class LanguageViewSet(ApiViewSet):
    """Errors of a formula answer 422 with `formula_errors`, except in `check`, which reports them."""

    problems = {
        "*": (
            404,
            422,
        )
    }
    rights = {"*": "formulas.view"}
    throttle_classes = [EditorThrottle]
    in_transaction = False  # nothing is stored

    @extend_schema(request=CheckRequestSerializer, responses=CheckReportSerializer)
    @action(detail=False, methods=["post"])
    def check(self, request: Request) -> Response:
        """Every error and warning of a text at once, with line, column, message and hint; its inputs and its cost."""
        return Response(check_report(**given(CheckRequestSerializer, request)))

    @extend_schema(request=TextSerializer, responses=FormattedSerializer)
    @action(detail=False, methods=["post"])
    def format(self, request: Request) -> Response:
        """The text in the one way formulas are laid out."""
        return Response({"text": formatted(**given(TextSerializer, request))})

    @extend_schema(request=PlaceSerializer, responses=CompletionSerializer(many=True))
    @action(detail=False, methods=["post"])
    def complete(self, request: Request) -> Response:
        """What may be written at a place, the likeliest first; broken texts are served too."""
        return Response(completions(**given(PlaceSerializer, request)))

    @extend_schema(request=PlaceSerializer, responses={200: HoverSerializer, 204: None})
    @action(detail=False, methods=["post"])
    def hover(self, request: Request) -> Response:
        """What stands at a place; 204 where nothing with a meaning does."""
        return _or_nothing(hover_at(**given(PlaceSerializer, request)))

    @extend_schema(request=PlaceSerializer, responses={200: SignatureSerializer, 204: None})
    @action(detail=False, methods=["post"])
    def signature(self, request: Request) -> Response:
        """The call that is being written at a place, and which of its parameters; 204 outside of one."""
        return _or_nothing(signature_at(**given(PlaceSerializer, request)))

    @extend_schema(request=TextSerializer, responses=ExplanationSerializer)
    @action(detail=False, methods=["post"])
    def explain(self, request: Request) -> Response:
        """What a formula does, in plain words."""
        return Response({"explanation": explained(**given(TextSerializer, request))})

    @extend_schema(request=TextSerializer, responses=ANY_OBJECT)
    @action(detail=False, methods=["post"])
    def tree(self, request: Request) -> Response:
        """The syntax tree of a text, by the schema at /formulas/schema/tree/."""
        return Response(tree_of(**given(TextSerializer, request)))

    @extend_schema(request=TextSerializer, responses=ANY_OBJECT)
    @action(detail=False, methods=["post"])
    def blocks(self, request: Request) -> Response:
        """The visual blocks of a text, by the schema at /formulas/schema/blocks/."""
        return Response(blocks_of(**given(TextSerializer, request)))

    @extend_schema(responses=ANY_OBJECT)
    @action(detail=False, methods=["get"], url_path="blocks/palette")
    def palette(self, request: Request) -> Response:
        """Every block there is, with its fields and inputs, for a block editor."""
        return Response(palette())

    @extend_schema(request=TextFromSerializer, responses=TextResultSerializer)
    @action(detail=False, methods=["post"])
    def text(self, request: Request) -> Response:
        """The text of a tree or of blocks; 422 with `tree_error` where they are not those of a formula."""
        body = given(TextFromSerializer, request)
        return Response(text_of(tree_content=body.get("tree"), blocks=body.get("blocks")))

    @extend_schema(
        responses={(200, "application/schema+json"): ANY_OBJECT[200]},
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=list(SCHEMAS))],
    )
    @action(detail=False, methods=["get"], url_path="schema/(?P<kind>tree|blocks)")
    def json_schema(self, request: Request, kind: str) -> Response:
        """The JSON Schema (2020-12) of a formula's tree, or of its blocks."""
        return Response(SCHEMAS[kind](), content_type="application/schema+json")

    @extend_schema(request=PineRequestSerializer, responses=PineSerializer)
    @action(detail=False, methods=["post"])
    def pine(self, request: Request) -> Response:
        """The formula as a Pine v6 script; what cannot be exported is named, and then there is no script."""
        return Response(pine_of(**given(PineRequestSerializer, request)))

    @extend_schema(request=DiffRequestSerializer, responses=DiffSerializer)
    @action(detail=False, methods=["post"])
    def diff(self, request: Request) -> Response:
        """What changed between two texts, in sentences; with `bar_set` also in signals."""
        body = given(DiffRequestSerializer, request)
        bar_set = bar_set_of(request, body["bar_set"]) if "bar_set" in body else None
        body.pop("bar_set", None)
        return Response(difference(bar_set, **body))

    @extend_schema(request=PineSourceSerializer, responses=PineImportSerializer)
    @action(detail=False, methods=["post"], url_path="import-pine")
    def import_pine(self, request: Request) -> Response:
        """The formula that a Pine script (versions 3 to 6) says, with what became of each of its lines."""
        return Response(formula_of_pine(**given(PineSourceSerializer, request)))

    @extend_schema(request=WithSettingsSerializer, responses=ANY_OBJECT)
    @action(detail=False, methods=["post"])
    def certificate(self, request: Request) -> Response:
        """What each value reads, how far back, and from which bar on it speaks; nothing ever reads a later bar."""
        return Response(certificate_of(**given(WithSettingsSerializer, request)))

    @extend_schema(request=EvaluateRequestSerializer, responses=ANY_OBJECT)
    @action(detail=False, methods=["post"])
    def evaluate(self, request: Request) -> Response:
        """Bars with every series, plot and signal of the formula on them; null is na."""
        body = given(EvaluateRequestSerializer, request)
        bars = load_bars(bar_set_of(request, body.pop("bar_set")))
        return Response(evaluation_report(bars=recent_bars(bars, until=body.pop("end", None)), **body))

    @extend_schema(request=PreviewRequestSerializer, responses=ANY_OBJECT)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What the formula draws and marks on the last bars, for the chart beside an editor; times in epoch seconds."""
        body = given(PreviewRequestSerializer, request)
        bars = load_bars(bar_set_of(request, body.pop("bar_set")))
        return Response(preview(bars=recent_bars(bars, until=body.pop("end", None)), **body))

    @extend_schema(request=WhyRequestSerializer, responses=ANY_OBJECT)
    @action(detail=False, methods=["post"])
    def why(self, request: Request) -> Response:
        """What every part of the formula is on one bar, and which parts decided."""
        body = given(WhyRequestSerializer, request)
        bars = load_bars(bar_set_of(request, body.pop("bar_set")))
        return Response(why_report(bars=recent_bars(bars, until=body.pop("time", None)), **body))

    @extend_schema(
        responses=TemplateSerializer(many=True),
        parameters=[OpenApiParameter("q", str, description="Words"), OpenApiParameter("category", str)],
    )
    @action(detail=False, methods=["get"])
    def library(self, request: Request) -> Response:
        """Formulas to start from, with their explanations."""
        found = search_templates(request.query_params.get("q", ""), request.query_params.get("category", ""))
        return Response(TemplateSerializer(found, many=True).data)

    @extend_schema(
        responses=TemplateSerializer, parameters=[OpenApiParameter("key", str, OpenApiParameter.PATH)]
    )
    @action(detail=False, methods=["get"], url_path="library/(?P<key>[a-z0-9-]+)")
    def template(self, request: Request, key: str) -> Response:
        """One of them."""
        found = template_of(key)
        if found is None:
            raise NotFound(f"The library has no template {key}.")
        return Response(TemplateSerializer(found).data)


def _or_nothing(content: Any) -> Response:
    return Response(status=204) if content is None else Response(content)
