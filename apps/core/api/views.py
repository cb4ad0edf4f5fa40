"""The base of every API view. Derive from `GenericApiViewSet[Model]`, `ApiViewSet` or `ApiView`; never from DRF's
own.

What it does for you:

- One transaction for each POST, PUT, PATCH and DELETE: it commits when the answer is below 400 and rolls back
  otherwise, so `@transaction.atomic` of a service is a savepoint and `on_commit` runs after it. A view whose refusals
  must leave a trace (a failed log-in), or that changes nothing and takes long, says `in_transaction = False`.
- `Idempotency-Key` on every POST in such a transaction, by people who are logged in (`idempotency`).
- `ETag` on answers 200 to GET, PUT and PATCH; `If-None-Match` answers 304. `self.get_object()` in a PUT, PATCH or
  DELETE locks the row and holds If-Match against `self.representation(row)` (428 without one on PUT and PATCH, 412
  when it changed). What is not `get_object()`'s goes through `self.locked(row, serializer)`. `representation` must be
  what a GET of the object answers. `versioned = False` for what is set rather than edited (no If-Match is asked for).
- Query parameters nobody declared are refused: declared are those of `@extend_schema(parameters=…)`, the filters, the
  pagination, and `fields` (sparse answers of list and retrieve). More by name: `parameters = {"cells": {"is_NAME"}}`,
  a capital ending standing for any name.
- Rate-limit and Link headers, and the facts for the request log.

What you say: `rights` by action (`apps.accounts.needs`), serializers derived from `apps.core.api.serializers`,
`problems = {"create": (402, 409)}` for refusals of your own that the OpenAPI document shall name
(`apps.core.api.schema` adds those that follow from the rest), and a docstring for each action: its first sentence is
the summary. `describes` says it of actions that are not written here, by name, or by name and method ("case_put") where
one action answers several. An action that answers a file whatever `Accept` says stands in `answers_files`. What will go
stands in `deprecated = {"list": Deprecation(since, sunset, instead)}`, "*" for every action.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, TypeVar

from django.db import transaction
from django.db.models import Model
from django.http.response import HttpResponseBase
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.plumbing import get_class
from drf_spectacular.utils import OpenApiParameter
from rest_framework import generics, serializers, viewsets
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api.conditions import check_if_match, is_not_modified
from apps.core.api.deprecation import Deprecation, deprecation_of
from apps.core.api.idempotency import carry_out_once, idempotency_key
from apps.core.api.log import caller_of
from apps.core.api.rendering import etag_of, json_bytes
from apps.core.api.serializers import ModelSerializer, unknown_name
from apps.core.api.throttling import count_refusal

M = TypeVar("M", bound=Model)
EDITS = ("PUT", "PATCH", "DELETE")
SPARSE_ACTIONS = ("list", "retrieve")


class ApiMixin:
    """See the module."""

    in_transaction: ClassVar[bool] = True
    versioned: ClassVar[bool] = True
    parameters: ClassVar[Mapping[str, Collection[str]]] = {}
    problems: ClassVar[Mapping[str, Collection[int]]] = {}
    describes: ClassVar[Mapping[str, str]] = {}
    deprecated: ClassVar[Mapping[str, Deprecation]] = {}
    answers_files: ClassVar[Collection[str]] = ()
    request: Request
    kwargs: dict[str, Any]

    # one request, start to end

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """DRF's, with a transaction around the handler, and 405 before anybody is asked who they are.

        HEAD is GET here, and the server leaves the content out: an action for reading and writing must not take a
        HEAD, for which the right to read is enough, for one of its writes.
        """
        if request.method != "HEAD":
            return self._answer_one(request, *args, **kwargs)
        request.method = "GET"
        try:
            return self._answer_one(request, *args, **kwargs)
        finally:
            request.method = "HEAD"

    def _answer_one(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.args, self.kwargs = args, kwargs
        request = self.initialize_request(request, *args, **kwargs)  # type: ignore[attr-defined]
        self.request = request
        self.headers = self.default_response_headers  # type: ignore[attr-defined]
        try:
            name = (request.method or "").lower()
            handler = getattr(self, name, None) if name in self.http_method_names else None  # type: ignore[attr-defined]
            if handler is None:
                self.http_method_not_allowed(request)  # type: ignore[attr-defined]
            self.initial(request, *args, **kwargs)  # type: ignore[attr-defined]
            self._check_parameters()
            response = self._carry_out(lambda: handler(request, *args, **kwargs))
        except Exception as error:
            count_refusal(request, error)
            response = self.handle_exception(error)  # type: ignore[attr-defined]
        self.response = self.finalize_response(request, response, *args, **kwargs)
        return self.response

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The methods there are, in Allow."""
        return Response(status=204)

    def _carry_out(self, work: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        request = self.request
        if request.method in SAFE_METHODS or not self.in_transaction:
            return work()
        with transaction.atomic():
            key = idempotency_key(request) if request.method == "POST" else None
            if key is not None and request.user.is_authenticated:
                workspace = getattr(request, "workspace", None)
                caller = f"{workspace.pk if workspace else '-'}:{request.user.pk}"
                response = carry_out_once(request, key, caller, work)
            else:
                response = work()
            if response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]
        request._request.api_caller = caller_of(request)  # type: ignore[attr-defined]
        if isinstance(response, Response) and response.status_code == 200 and response.data is not None:
            response = self._finish(request, response)
        for name, value in getattr(request._request, "rate_limit_headers", {}).items():
            response[name] = value
        going = deprecation_of(self, self._action)
        if going is not None:
            for name, value in going.headers().items():
                response[name] = f"{response[name]}, {value}" if name in response else value
        return response

    def _finish(self, request: Request, response: Response) -> Response:
        """Version, neighbours and chosen fields of an answer with content."""
        if request.method not in ("GET", "HEAD", "PUT", "PATCH"):
            return response
        data = response.data
        content = json_bytes(data)
        response["ETag"] = tag = etag_of(content)
        if request.method in ("GET", "HEAD") and is_not_modified(request, tag):
            response.data, response.status_code = None, 304
            return response
        if isinstance(data, dict) and "results" in data:
            links = [
                f'<{data[name]}>; rel="{rel}"'
                for name, rel in (("next", "next"), ("previous", "prev"))
                if data.get(name)
            ]
            if links:
                response["Link"] = ", ".join(links)
        chosen = self._chosen_fields()
        if chosen is not None:
            response.data = _only(data, chosen)
        elif "charset" not in (response.content_type or ""):  # the bytes are made already
            response.content_type = response.content_type or "application/json"
            response["Content-Type"] = response.content_type
            response.content = content
        return response

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        force = force or self._action in self.answers_files
        return super().perform_content_negotiation(request, force)  # type: ignore[misc]

    # which version is changed

    def get_object(self) -> Any:
        """The object of the address, 404 for none; to be changed, it is locked and of the version the request names."""
        found = super().get_object()  # type: ignore[misc]
        if self.request.method in EDITS and self.in_transaction:
            _lock(found)  # by itself, since a query that groups cannot lock
            found = super().get_object()  # type: ignore[misc]
            self.check_version(lambda: self.representation(found))
        return found

    def representation(self, instance: Any) -> Any:
        """What a GET of the object answers."""
        return self.get_serializer(instance).data  # type: ignore[attr-defined]

    def locked(self, instance: M, serializer: type[serializers.BaseSerializer[M]]) -> M:
        """The row, locked and read again, when it is of the version the request names; for rows below the address's."""
        _lock(instance)
        instance.refresh_from_db()
        self.check_version(lambda: serializer(instance, context={"request": self.request}).data)
        return instance

    def check_version(self, representation: Callable[[], Any]) -> None:
        """Hold If-Match against the representation. Raises PreconditionRequired, VersionMismatch."""
        if not self.versioned:
            return
        required = self.request.method in ("PUT", "PATCH")
        if required or "If-Match" in self.request.headers:
            check_if_match(self.request, etag_of(json_bytes(representation())), required=required)

    # what may be asked for

    @property
    def _action(self) -> str:
        return getattr(self, "action", None) or (self.request.method or "").lower()

    def _check_parameters(self) -> None:
        given = self.request.query_params
        if not given:
            return
        allowed = self.allowed_parameters()
        starts = tuple(name.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for name in allowed if name[-1:].isupper())
        errors = {
            name: [unknown_name(name, allowed)]
            for name in given
            if name not in allowed and not (starts and name.startswith(starts))
        }
        if errors:
            raise serializers.ValidationError(errors, code="unknown_parameter")
        if any("\0" in value for values in given.lists() for value in (values[0], *values[1])):
            raise serializers.ValidationError("A query parameter holds the character U+0000.")
        self._chosen_fields()

    def allowed_parameters(self) -> set[str]:
        """The names of all query parameters this action takes."""
        allowed = set(self.parameters.get(self._action, ())) | self._declared_parameters()
        if self._action in SPARSE_ACTIONS and getattr(self, "serializer_class", None):
            allowed.add("fields")
        if self._action == "list" and isinstance(self, generics.GenericAPIView):
            if self.paginator is not None:
                allowed |= {p["name"] for p in self.paginator.get_schema_operation_parameters(self)}
            filters = DjangoFilterBackend().get_filterset_class(self, self.queryset)
            allowed |= set(filters.base_filters) if filters else set()
        return allowed

    def _declared_parameters(self) -> set[str]:
        handler = getattr(self, self._action, None)
        declared = getattr(handler, "kwargs", {}).get("schema")
        if declared is None:
            return set()
        schema = get_class(declared)()
        schema.view, schema.method, schema.path = self, self.request.method, self.request.path
        names: set[str] = set()
        for parameter in schema.get_override_parameters():
            if isinstance(parameter, OpenApiParameter):
                if parameter.location == OpenApiParameter.QUERY:
                    names.add(parameter.name)
            else:
                instance = parameter() if isinstance(parameter, type) else parameter
                names |= set(instance.fields)
        return names

    def _chosen_fields(self) -> list[str] | None:
        """The members asked for by `fields`; None for all. Raises ValidationError naming those there are."""
        asked = self.request.query_params.get("fields")
        if asked is None or self._action not in SPARSE_ACTIONS:
            return None
        known = list(self.get_serializer().fields)  # type: ignore[attr-defined]
        names = [name.strip() for name in asked.split(",")]
        wrong = [name for name in names if name not in known]
        if wrong:
            raise serializers.ValidationError(
                {"fields": [f"There is no field {wrong[0][:60]!r}. Allowed: {', '.join(known)}."]}
            )
        return names


def _lock(row: Model) -> None:
    list(type(row)._base_manager.select_for_update().filter(pk=row.pk).values_list("pk"))


def _only(data: Any, names: list[str]) -> Any:
    if isinstance(data, list):
        return [_only(row, names) for row in data]
    if "results" in data and "next" in data:
        return {**data, "results": _only(data["results"], names)}
    return {name: data[name] for name in names if name in data}


class ApiView(ApiMixin, APIView):
    """A single address."""


class ApiViewSet(ApiMixin, viewsets.ViewSet):
    """Actions without a table behind them."""


class GenericApiViewSet(ApiMixin, viewsets.GenericViewSet[M]):
    """Actions on the rows of `queryset`, with DRF's mixins for list, retrieve, create, update and destroy.

    `row_serializer_class` is for lists of what is long by itself; the columns it does not show are not read for it.
    """

    row_serializer_class: ClassVar[type[ModelSerializer[Any]] | None] = None

    def get_serializer_class(self) -> type[serializers.BaseSerializer[M]]:
        rows = self.row_serializer_class if self._action == "list" else None
        return rows or super().get_serializer_class()

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        rows = self.row_serializer_class if self._action == "list" else None
        return found.defer(*rows.omitted_columns()) if rows else found
