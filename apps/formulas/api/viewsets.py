"""Formulas by program: keep, publish, compare, test."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from apps.core.api.views import GenericApiViewSet
from apps.formulas.access import get_case_of, get_text_of, get_version_of, open_formula, shared_formulas
from apps.formulas.api.language import bar_set_of, difference, given
from apps.formulas.api.language_serializers import DiffSerializer
from apps.formulas.api.serializers import (
    ForkSerializer,
    FormulaCaseSerializer,
    FormulaSerializer,
    FormulaVersionDetailSerializer,
    FormulaVersionSerializer,
    LineageSerializer,
    ListSerializer,
    PublishSerializer,
    SnapshotSerializer,
    TestsRequestSerializer,
    TestsResultSerializer,
)
from apps.formulas.api.sharing import SharesMixin
from apps.formulas.choices import ShareLevel
from apps.formulas.models import Formula
from apps.formulas.selectors import bars_between, cases_of, formulas_of, index_of, lineage_of, versions_of
from apps.formulas.services import (
    add_case,
    add_snapshot,
    archive_formula,
    change_case,
    create_formula,
    fork_formula,
    publish_formula,
    remove_case,
    restore_case,
    restore_version,
    run_tests,
    save_formula,
)
from apps.markets.services import load_bars

NUMBER = OpenApiParameter("number", int, OpenApiParameter.PATH, description="Of the version")
CASE = OpenApiParameter("case", {"type": "string", "format": "uuid"}, OpenApiParameter.PATH)
ONE_VERSION = "versions/(?P<number>[0-9]{1,9})"
ONE_CASE = "cases/(?P<case>[0-9a-f-]{36})"


# what somebody outside may do with a formula that is shared with them, and the level it takes
SHARED = {
    **dict.fromkeys(("retrieve", "versions", "compare"), ShareLevel.VIEW),
    **dict.fromkeys(("fork", "fork_version"), ShareLevel.COPY),
    **dict.fromkeys(("update", "partial_update"), ShareLevel.EDIT),
}


class FormulaViewSet(
    SharesMixin,
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    GenericApiViewSet[Formula],
):
    """Drafts may hold errors; publishing and backtesting refuse them."""

    describes = {
        "list": (
            "List formulas. The workspace's drafts, newest first; archived ones are left out. With `shared=true` "
            "those that others share with you instead; an API key has none."
        ),
        "create": "Create a formula. A draft may hold errors; publishing and backtesting refuse them.",
        "retrieve": "Read a formula. The draft's text, and which version was published last.",
        "update": "Replace a formula's draft. Its name and text; errors in the text are kept and told.",
        "partial_update": "Change a formula's draft. Its name, its text or both; published versions never change.",
        "destroy": "Archive a formula. Its versions and backtests stay.",
        "cases_get": "List a formula's tests. Those that stand in the way of publishing when they fail.",
        "cases_post": "Add a test to a formula. 422 with `case_error` where its content cannot be used.",
        "case_get": "Read a test. Its bars, and the signals that are expected of them.",
        "case_put": "Replace a test's content. 422 with `case_error` where it cannot be used.",
        "case_delete": "Remove a test. `restore` brings it back.",
        "shares_get": "List whom a formula is shared with. People outside the workspace, newest first.",
        "shares_post": (
            "Share a formula with one person outside. By e-mail address; they are told by mail. An address that no "
            "account has confirmed waits until one does, and whether one has is not told."
        ),
        "share_get": "Read a share. Who has it, and what they may do.",
        "share_patch": "Change the level of a share. It counts at once.",
        "share_delete": "End a share. It counts at once; copies made of the formula stay.",
    }
    problems = {
        "publish": (
            409,
            422,
        ),
        "cases": (
            409,
            422,
        ),
        "case": (
            409,
            422,
        ),
        "snapshot": (
            404,
            409,
            422,
        ),
        "run": (422,),
        "compare": (
            404,
            422,
        ),
        "restore_case": (409,),
        "fork": (409,),
        "fork_version": (409,),
        "restore_version": (409,),
        "partial_update": (422,),
        "update": (422,),
        "create": (422,),
        "shares": (409,),
        "share": (409,),
        "leave": (409,),
    }
    rights = {
        **dict.fromkeys(
            ("list", "retrieve", "lineage", "compare", "versions", "version", "run", "leave"), "formulas.view"
        ),
        "cases": ("formulas.view", "formulas.edit"),
        "case": ("formulas.view", "formulas.edit"),
        "shares": "formulas.share",
        "share": "formulas.share",
        "*": "formulas.edit",
    }
    serializer_class = FormulaSerializer
    lookup_field = "uuid"
    queryset = Formula.objects.none()
    is_shared = False

    def get_queryset(self) -> QuerySet[Formula]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        if self.is_shared:
            return shared_formulas(self.request)
        return formulas_of(self.request.workspace)

    def get_object(self) -> Formula:
        """The workspace's, else one that is shared with the person at the level the action takes."""
        try:
            return super().get_object()
        except Http404:
            if self.action not in SHARED:
                raise
            open_formula(self.request, self.kwargs["uuid"], SHARED[self.action])
            self.is_shared = True
            return super().get_object()

    @extend_schema(
        parameters=[OpenApiParameter("shared", bool, description="Those of others that are shared with you")]
    )
    def list(self, request: Request) -> Response:
        """Those of the workspace or, with `shared=true`, those of others."""
        asked = ListSerializer(data={"shared": request.query_params.get("shared", False)})
        asked.is_valid(raise_exception=True)
        self.is_shared = asked.validated_data["shared"]
        return super().list(request)

    def formula(self) -> Formula:
        """The formula of the address, when it is one of its tests that is changed."""
        return get_object_or_404(self.get_queryset(), uuid=self.kwargs["uuid"])

    def perform_create(self, serializer: BaseSerializer[Formula]) -> None:
        serializer.instance = create_formula(
            self.request.workspace, actor=self.request.user, **serializer.validated_data
        )

    def perform_update(self, serializer: BaseSerializer[Formula]) -> None:
        formula = serializer.instance
        assert formula is not None
        values: dict[str, Any] = {"name": formula.name, "text": formula.text} | serializer.validated_data
        serializer.instance = save_formula(formula, actor=self.request.user, **values)

    def perform_destroy(self, instance: Formula) -> None:
        archive_formula(instance, actor=self.request.user)

    @extend_schema(
        request=PublishSerializer, responses={200: FormulaVersionSerializer, 201: FormulaVersionSerializer}
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, uuid: str) -> Response:
        """Freeze the draft as a version: 201, or 200 with the version that says the same already. 422 with
        `formula_errors` while it has errors, with `failing_cases` while a test of it fails."""
        formula = self.get_object()
        newest = formula.versions.first()
        version = publish_formula(formula, actor=request.user, **given(PublishSerializer, request))
        is_new = newest is None or version.number > newest.number
        return Response(FormulaVersionSerializer(version).data, status=201 if is_new else 200)

    @extend_schema(request=ForkSerializer, responses={201: FormulaSerializer})
    @action(detail=True, methods=["post"])
    def fork(self, request: Request, uuid: str) -> Response:
        """A formula of its own with the draft and the tests of this one."""
        fork = fork_formula(
            self.get_object(),
            workspace=request.workspace,
            actor=request.user,
            **given(ForkSerializer, request),
        )
        return Response(FormulaSerializer(fork).data, status=201)

    @extend_schema(responses=LineageSerializer)
    @action(detail=True)
    def lineage(self, request: Request, uuid: str) -> Response:
        """What the formula was forked from, the nearest first, and what was forked from it."""
        ancestors, descendants = lineage_of(self.get_object())
        return Response(LineageSerializer({"ancestors": ancestors, "descendants": descendants}).data)

    @extend_schema(
        responses=DiffSerializer,
        parameters=[
            OpenApiParameter("old", str, description="A version's number, or draft", required=True),
            OpenApiParameter("new", str, description="The same; by default draft"),
            OpenApiParameter("bar_set", UUID, description="On which to compare signals"),
        ],
    )
    @action(detail=True)
    def compare(self, request: Request, uuid: str) -> Response:
        """What changed between two versions, or a version and the draft, in sentences and in signals."""
        formula = self.get_object()
        old, new = (get_text_of(formula, request.query_params.get(key, "draft")) for key in ("old", "new"))
        bar_set = request.query_params.get("bar_set")
        return Response(difference(bar_set_of(request, bar_set) if bar_set else None, old, new))

    # versions

    @extend_schema(responses=FormulaVersionSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def versions(self, request: Request, uuid: str) -> Response:
        """Published versions, newest first."""
        found = versions_of(self.get_object())
        context = {"is_shared": self.is_shared}
        return Response(FormulaVersionSerializer(found, many=True, context=context).data)

    @extend_schema(responses=FormulaVersionDetailSerializer, parameters=[NUMBER])
    @action(detail=True, url_path=ONE_VERSION)
    def version(self, request: Request, uuid: str, number: str) -> Response:
        """One version, with the tests it passed."""
        version = get_version_of(self.get_object(), int(number))
        return Response(FormulaVersionDetailSerializer(version).data)

    @extend_schema(request=None, responses=FormulaSerializer, parameters=[NUMBER])
    @action(detail=True, methods=["post"], url_path=f"{ONE_VERSION}/restore")
    def restore_version(self, request: Request, uuid: str, number: str) -> Response:
        """Make the version's text the draft again."""
        formula = restore_version(get_version_of(self.get_object(), int(number)), actor=request.user)
        return Response(FormulaSerializer(formula).data)

    @extend_schema(request=ForkSerializer, responses={201: FormulaSerializer}, parameters=[NUMBER])
    @action(detail=True, methods=["post"], url_path=f"{ONE_VERSION}/fork")
    def fork_version(self, request: Request, uuid: str, number: str) -> Response:
        """A formula of its own with the text and the tests of the version."""
        fork = fork_formula(
            get_version_of(self.get_object(), int(number)),
            workspace=request.workspace,
            actor=request.user,
            **given(ForkSerializer, request),
        )
        return Response(FormulaSerializer(fork).data, status=201)

    # tests

    @extend_schema(methods=["get"], responses=FormulaCaseSerializer(many=True))
    @extend_schema(methods=["post"], request=FormulaCaseSerializer, responses={201: FormulaCaseSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None)
    def cases(self, request: Request, uuid: str) -> Response:
        """The formula's tests; a POST adds one, 422 with `case_error` where it cannot be read."""
        formula = self.get_object()
        if request.method == "GET":
            return Response(FormulaCaseSerializer(cases_of(formula), many=True).data)
        case = add_case(formula, given(FormulaCaseSerializer, request)["content"], actor=request.user)
        return Response(FormulaCaseSerializer(case).data, status=201)

    @extend_schema(methods=["get"], responses=FormulaCaseSerializer, parameters=[CASE])
    @extend_schema(
        methods=["put"], request=FormulaCaseSerializer, responses=FormulaCaseSerializer, parameters=[CASE]
    )
    @extend_schema(methods=["delete"], request=None, responses={204: None}, parameters=[CASE])
    @action(detail=True, methods=["get", "put", "delete"], url_path=ONE_CASE)
    def case(self, request: Request, uuid: str, case: str) -> Response:
        """One test. A removed one can be brought back by `restore`."""
        kept = get_case_of(self.formula(), case)
        if request.method != "GET":
            kept = self.locked(kept, FormulaCaseSerializer)
        if request.method == "DELETE":
            remove_case(kept, actor=request.user)
            return Response(status=204)
        if request.method == "PUT":
            kept = change_case(kept, given(FormulaCaseSerializer, request)["content"], actor=request.user)
        return Response(FormulaCaseSerializer(kept).data)

    @extend_schema(request=None, responses=FormulaCaseSerializer, parameters=[CASE])
    @action(detail=True, methods=["post"], url_path=f"{ONE_CASE}/restore")
    def restore_case(self, request: Request, uuid: str, case: str) -> Response:
        """Bring a removed test back."""
        kept = get_case_of(self.get_object(), case, is_removed=True)
        restore_case(kept, actor=request.user)
        return Response(FormulaCaseSerializer(kept).data)

    @extend_schema(request=SnapshotSerializer, responses={201: FormulaCaseSerializer})
    @action(detail=True, methods=["post"], url_path="cases/snapshot")
    def snapshot(self, request: Request, uuid: str) -> Response:
        """A test from data: the bars of a range, and the signals that the draft gives on them now."""
        formula = self.get_object()
        body = given(SnapshotSerializer, request)
        bars = load_bars(bar_set_of(request, body["bar_set"]))
        bars = bars_between(bars, body["start"], body["end"])
        case = add_snapshot(
            formula,
            bars,
            name=body["name"],
            settings=body["settings"] or None,
            first=index_of(bars, body.get("compare_from", body["start"])),
            actor=request.user,
        )
        return Response(FormulaCaseSerializer(case).data, status=201)

    @extend_schema(request=TestsRequestSerializer, responses=TestsResultSerializer)
    @action(detail=True, methods=["post"], url_path="cases/run")
    def run(self, request: Request, uuid: str) -> Response:
        """Run all tests on the draft, or on the text given: what was expected of each and what came."""
        results = run_tests(self.get_object(), given(TestsRequestSerializer, request).get("text"))
        return Response({"ok": all(result["ok"] for result in results), "results": results})
