"""The OpenAPI description of each operation, completed by what the base of the views does for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, ClassVar

from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from rest_framework.permissions import AllowAny
from rest_framework.serializers import ListSerializer

from apps.core.api.deprecation import deprecation_of
from apps.core.api.examples import add_examples
from apps.core.api.serializers import KnownMembers, ModelSerializer, Serializer

PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457). `code` is stable, `detail` is for people, `errors` names fields.",
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": True},
    },
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "additionalProperties": True,
}
# status: what it means here, and an example's code and words
REFUSALS: dict[int, tuple[str, str, str]] = {
    400: (
        "A value, a member or a parameter is wrong; `errors` names it.",
        "invalid",
        "name: This field is required.",
    ),
    401: (
        "No key, token or session, or one that is not valid.",
        "not_authenticated",
        "Sign in or send a key.",
    ),
    402: (
        "The plan's limit is reached, or the plan lacks this.",
        "quota_exceeded",
        "This plan gives 1 backtest a day.",
    ),
    403: (
        "The role, or the scopes of the key, lack the right.",
        "right_missing",
        "This needs another right.",
    ),
    404: ("There is no such thing in this workspace.", "not_found", "Not found."),
    406: (
        "Accept leaves out application/json.",
        "not_acceptable",
        "Could not satisfy the request Accept header.",
    ),
    409: ("Not in its present state.", "conflict", "It is not in the state for this."),
    412: (
        "It has changed since the version that If-Match names.",
        "version_mismatch",
        "Somebody has changed it.",
    ),
    413: ("The body is too large.", "too_large", "A JSON body may have 5,242,880 bytes at most."),
    415: (
        "The body is of another media type.",
        "unsupported_media_type",
        'Unsupported media type "text/plain".',
    ),
    422: (
        "Well-formed but wrong, or an Idempotency-Key used for something else.",
        "idempotency_key_reused",
        "Used.",
    ),
    428: ("If-Match is missing.", "precondition_required", "Send If-Match with the ETag you read."),
    429: ("Too many requests; see Retry-After.", "throttled", "Expected available in 12 seconds."),
    500: ("A fault of ours; tell us the request_id.", "server_error", "Something broke on our side"),
    503: (
        "Somebody whom this needs cannot be reached; trying again later may help.",
        "gateway_unreachable",
        "Stripe did not answer. Nothing was changed.",
    ),
}
BASES = {ModelSerializer.__doc__, Serializer.__doc__}  # what they say is not for callers
VERBS = {"retrieve": "get", "partial_update": "change", "update": "replace", "destroy": "delete"}
HEADERS = {
    "ETag": {"description": "The version of what was answered.", "schema": {"type": "string"}},
    "RateLimit-Limit": {"description": "Requests a minute.", "schema": {"type": "integer"}},
    "RateLimit-Remaining": {"description": "How many are left.", "schema": {"type": "integer"}},
    "RateLimit-Reset": {
        "description": "Seconds until the oldest is forgotten.",
        "schema": {"type": "integer"},
    },
    "RateLimit-Policy": {"description": "Limit and window, 100;w=60.", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "X-Request-ID": {"description": "Names the request in our logs.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new thing is.", "schema": {"type": "string"}},
    "Idempotency-Replayed": {"description": "true on a repeated answer.", "schema": {"type": "string"}},
    "Deprecation": {
        "description": "Since when it should not be used: @ and seconds since 1970 (RFC 9745).",
        "schema": {"type": "string"},
    },
    "Sunset": {
        "description": "From when on it is gone, an HTTP date (RFC 8594).",
        "schema": {"type": "string"},
    },
    "Link": {"description": "The neighbouring pages (RFC 8288).", "schema": {"type": "string"}},
}


_capability_of: list[Callable[[Any, str, str], str]] = []


def capabilities_from(function: Callable[[Any, str, str], str]) -> None:
    """Let `function(view, action, method)` say which capability of a plan an action needs; empty: none. Called by an
    app above in its `ready`."""
    _capability_of[:] = [function]


class AutoSchema(SpectacularSchema):
    """Adds to drf-spectacular's: a summary, the refusals, the headers, the rights, and what the base understands."""

    method_mapping: ClassVar[dict[str, str]] = SpectacularSchema.method_mapping

    @property
    def action(self) -> str:
        return getattr(self.view, "action", None) or self.method.lower()

    def get_description(self) -> str:
        said = getattr(self.view, "describes", {})
        text = said.get(f"{self.action}_{self.method.lower()}") or said.get(self.action)
        text = text or super().get_description() or ""
        going = deprecation_of(self.view, self.action)
        return f"{text}\n\n{going.words}" if going else text

    def is_deprecated(self) -> bool:
        return super().is_deprecated() or deprecation_of(self.view, self.action) is not None

    def get_summary(self) -> str:
        sentence = re.split(
            r"(?<=[^.0-9])[.;:](?:\s|$)", " ".join(self.get_description().split()), maxsplit=1
        )[0]
        return sentence.rstrip(".") or self.get_operation_id().replace("_", " ")

    def get_operation_id(self) -> str:
        name = getattr(self.view, "basename", None)
        if name is None:
            return super().get_operation_id()
        verb = VERBS.get(self.action, self.action)
        mapping = getattr(getattr(self.view, self.action, None), "mapping", {})
        suffix = f"_{self.method.lower()}" if len(mapping) > 1 else ""
        return f"{name.replace('-', '_')}_{verb}{suffix}"

    def get_tags(self) -> list[str]:
        return super().get_tags()[:1]

    def get_extensions(self) -> dict[str, Any]:
        rights: dict[str, str] = getattr(self.view, "rights", {})
        needed = rights.get(self.action) or rights.get("*")
        said = {"x-rights": [needed]} if needed else {}
        if capability := self._capability():
            said["x-capabilities"] = [capability]
        return super().get_extensions() | said

    def _capability(self) -> str:
        return _capability_of[0](self.view, self.action, self.method) if _capability_of else ""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        known = {(parameter["name"], parameter["in"]) for parameter in operation.get("parameters", [])}
        operation["parameters"] = [
            *operation.get("parameters", []),
            *(p for p in self._own_parameters() if (p["name"], p["in"]) not in known),
        ]
        add_examples(operation, self.view)
        self._add_headers(operation["responses"])
        self._add_refusals(operation)
        return operation

    def _map_serializer(self, serializer: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        found = super()._map_serializer(serializer, direction, bypass_extensions)
        if direction == "request" and isinstance(serializer, KnownMembers) and found.get("type") == "object":
            found["additionalProperties"] = False
        if found.get("description") in BASES:
            del found["description"]
        return found

    def _map_serializer_field(self, field: Any, direction: Any, bypass_extensions: bool = False) -> Any:
        found = super()._map_serializer_field(field, direction, bypass_extensions)
        if isinstance(field, ListSerializer) and found.get("type") == "array":
            fewest = field.min_length or (0 if field.allow_empty else 1)
            found |= {"minItems": fewest} if fewest else {}
            found |= {"maxItems": field.max_length} if field.max_length else {}
        return found

    def _own_parameters(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        names = self._fields_to_choose()
        if names:
            found.append(
                {
                    "name": "fields",
                    "in": "query",
                    "description": "Only these members; the others, also required ones, are left out.",
                    "schema": {"type": "array", "items": {"type": "string", "enum": names}, "minItems": 1},
                    "style": "form",
                    "explode": False,  # separated by commas
                    "example": names[:2],
                }
            )
        if self.method == "GET":
            found.append(_parameter("If-None-Match", "header", "An ETag: 304 while it is still the version."))
        if self.method == "POST" and getattr(self.view, "in_transaction", False):
            found.append(
                _parameter(
                    "Idempotency-Key",
                    "header",
                    "Makes a retry safe: the same key and body give the same answer for 24 hours.",
                    schema={
                        "type": "string",
                        "minLength": 1,
                        "maxLength": 255,
                        "pattern": "^[!#-\\[\\]-~]{1,255}$",
                    },
                    example="8e03978e-40d5-43dd-bc93-6894a57f9324",
                )
            )
        if self._edits:
            found.append(
                _parameter(
                    "If-Match",
                    "header",
                    "The ETag of the version to change; * overwrites whatever stands there.",
                    required=self.method != "DELETE",
                    example="*",
                )
            )
        return found

    def _fields_to_choose(self) -> list[str]:
        serializer = getattr(self.view, "serializer_class", None)
        sparse = self.action in ("list", "retrieve") and self.method == "GET"
        return list(serializer().fields) if sparse and serializer else []

    @property
    def _edits(self) -> bool:
        return (
            self.method in ("PUT", "PATCH", "DELETE")
            and getattr(self.view, "versioned", False)
            and getattr(self.view, "in_transaction", False)
        )

    def _add_headers(self, responses: dict[str, Any]) -> None:
        for status, response in responses.items():
            names = [
                "X-Request-ID",
                "RateLimit-Limit",
                "RateLimit-Remaining",
                "RateLimit-Reset",
                "RateLimit-Policy",
            ]
            if status == "200" and self.method in ("GET", "PUT", "PATCH"):
                names.append("ETag")
            if status in ("201", "202") and self.action == "create":
                names.append("Location")
            if self.method == "POST" and getattr(self.view, "in_transaction", False):
                names.append("Idempotency-Replayed")
            deprecated = deprecation_of(self.view, self.action) is not None
            if self.action == "list" or deprecated:
                names.append("Link")
            if deprecated:
                names += ["Deprecation", "Sunset"]
            response["headers"] = {
                name: {"$ref": f"#/components/headers/{name}"} for name in names
            } | response.get("headers", {})

    def _add_refusals(self, operation: dict[str, Any]) -> None:
        self.registry.register_on_missing(
            ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, object="Problem", schema=PROBLEM)
        )
        responses = operation["responses"]
        if self.method == "GET" and "200" in responses:
            responses["304"] = {"description": "Still the version that If-None-Match names."}
        for status in sorted(self._refusals("requestBody" in operation)):
            if str(status) in responses:
                continue
            meaning, code, detail = REFUSALS[status]
            example = {
                "type": "about:blank",
                "title": HTTPStatus(status).phrase,
                "status": status,
                "code": code,
                "detail": detail,
                "request_id": "0b8f5a52-7a35-4a60-a5a5-8c4c0d9b9e01",
            }
            headers = ["X-Request-ID", *(["Retry-After"] if status == 429 else [])]
            responses[str(status)] = {
                "description": meaning,
                "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
                "content": {
                    "application/problem+json": {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "example": example,
                    }
                },
            }
        operation["responses"] = dict(sorted(responses.items()))

    def _refusals(self, has_body: bool) -> set[int]:
        view = self.view
        found = {400, 406, 429, 500, *getattr(view, "problems", {}).get(self.action, ())}
        found |= set(getattr(view, "problems", {}).get("*", ()))
        if not any(isinstance(permission, AllowAny) for permission in view.get_permissions()):
            found |= {401, 403}
        if "{" in self.path:
            found.add(404)
        if self._capability():
            found.add(402)
        if has_body:
            found |= {413, 415}
        if self.method == "POST" and getattr(view, "in_transaction", False):
            found.add(422)
        if self._edits:
            found |= {412} if self.method == "DELETE" else {412, 428}
        return found


def _parameter(
    name: str,
    where: str,
    description: str,
    *,
    required: bool = False,
    schema: dict[str, Any] | None = None,
    example: str | None = None,
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": name,
        "in": where,
        "description": description,
        "schema": schema or {"type": "string"},
    }
    if required:
        found["required"] = True
    if example:
        found["example"] = example
    return found


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's last step: the headers that answers refer to, and null as OpenAPI 3.1 writes it."""
    result["components"]["headers"] = HEADERS
    _mend_null(result["components"]["schemas"])
    return result


def _mend_null(part: Any) -> None:
    """drf-spectacular writes `nullable` of 3.0 in lists, and "one of null and anything", of which null is both."""
    if isinstance(part, list):
        for one in part:
            _mend_null(one)
    if not isinstance(part, dict):
        return
    if part.get("nullable") is True and isinstance(part.get("type"), str):
        del part["nullable"]
        part["type"] = [part["type"], "null"]
    if part.get("oneOf") in ([{"type": "null"}, {}], [{}, {"type": "null"}]):
        del part["oneOf"]
    for value in part.values():
        _mend_null(value)
