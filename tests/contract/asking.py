"""Requests made up from the description of one operation, sent to Django in this process."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract.conftest import Furnished

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OF_WHOLE_ANSWERS = [response_schema_conformance]  # with `fields` required members are left out, as asked
REQUEST_ARGUMENTS = {"method", "url", "headers", "files", "data", "params", "cookies", "json"}
FREE = ("content", "settings", "tree", "blocks", "metrics")  # what is in them is described elsewhere


def ask(
    operation: Any,
    mode: GenerationMode,
    furnished: Furnished,
    examples: int,
    statuses: Counter[int],
    *,
    as_stranger: bool = False,
) -> None:
    """Send so many requests, the same every time, each to the same workspace, and count the statuses of the answers.

    Raises schemathesis' FailureGroup for an answer that is a fault or not as described.
    """

    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def send(case: Case, data: st.DataObject) -> None:
        if mode is GenerationMode.POSITIVE:
            _furnish(case, data.draw, furnished)
        response = _answer(case, None if as_stranger else furnished.secret(case.path))
        statuses[response.status_code] += 1
        sparse = "fields" in (case.query or {})
        case.validate_response(response, checks=[c for c in CHECKS if not (sparse and c in OF_WHOLE_ANSWERS)])

    send()


def _furnish(case: Case, draw: st.DrawFn, furnished: Furnished) -> None:
    """Mostly ids that exist, formulas that read, and the right version: made-up ones are refused at the door."""
    words = furnished.words_for(case.path)
    for name in case.path_parameters:
        good = furnished.id(case.path) if name == "uuid" else words.get(name)
        if good and draw(st.integers(0, 9)) < 8:
            case.path_parameters[name] = good
    if "If-Match" in (case.headers or {}) and draw(st.integers(0, 9)) < 8:
        case.headers["If-Match"] = "*"
    _mend(case.body, draw, words)
    for name in case.query or {}:
        if name in words and not draw(st.booleans()):
            case.query[name] = words[name]
    given = furnished.given.get(f"{case.method} {case.path}")
    members = case.query if case.method == "GET" else case.body
    if given and isinstance(members, dict) and draw(st.integers(0, 9)) < 8:
        members.update(copy.deepcopy(given))


def _mend(part: Any, draw: st.DrawFn, words: dict[str, Any]) -> None:
    if isinstance(part, list):
        for item in part:
            _mend(item, draw, words)
    if not isinstance(part, dict):
        return
    for name, value in list(part.items()):
        if name in words and draw(st.integers(0, 3)) < 3:
            part[name] = words[name]
        elif name not in FREE:
            _mend(value, draw, words)
    # of two ways to name the same thing one is enough, and both are refused
    for one, other in (("bar_set", "symbol"), ("text", "formula")):
        if one in part and other in part and not draw(st.booleans()):
            del part[draw(st.sampled_from([one, other]))]


@contextmanager
def _taken_back() -> Iterator[None]:
    """What is written inside is not there afterwards, so that each request finds the workspace as it was."""
    block = transaction.atomic()
    block._from_testcase = True  # as Django's own tests say that a durable block may stand inside
    with block:
        yield
        transaction.set_rollback(True)


def _answer(case: Case, secret: str | None) -> Response:
    arguments = case.as_transport_kwargs(base_url="http://testserver")
    if secret:
        arguments["headers"] = {**arguments["headers"], "Authorization": f"Bearer {secret}"}
    prepared = requests.Request(**{k: v for k, v in arguments.items() if k in REQUEST_ARGUMENTS}).prepare()
    headers = {
        name: value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in prepared.headers.items()
    }
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    cache.clear()  # what is counted of guesses and of requests
    with _taken_back():
        got = Client().generic(
            prepared.method,
            prepared.url.removeprefix("http://testserver"),
            body,
            headers.pop("Content-Type", ""),
            headers=headers,
        )
        content = b"".join(got.streaming_content) if got.streaming else got.content
    return Response(
        got.status_code, {name: [value] for name, value in got.headers.items()}, content, prepared, 0.0, False
    )
