"""Requests made up from the API's own description: no answer is a fault of ours, and none is undocumented.

The same requests every time. `PROVE=1` asks twenty times as many; `SLICE=/bars/` asks only paths that hold it.
"""

from __future__ import annotations

import json
import os
import traceback
from typing import Any

import pytest
import requests
import schemathesis
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.contract.conftest import SWEPT, Furnished
from tests.factories import CROSS

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REQUEST_ARGUMENTS = {"method", "url", "headers", "files", "data", "params", "cookies", "json"}
ORDER = ["GET", "POST", "PATCH", "PUT", "DELETE"]
LONG = bool(os.environ.get("PROVE"))
SLICE = os.environ.get("SLICE", "")  # paths that hold this, for a long run of one room


def _fill(case: Case, draw: st.DrawFn, furnished: Furnished) -> None:
    """Mostly ids that exist, formulas that read, and the right version: random ones are refused at the door."""
    found = next((made for start, made in furnished.ids.items() if case.path.startswith(start)), "")
    for name in ("uuid", "case"):
        if name in case.path_parameters and draw(st.integers(0, 9)) < 8:
            case.path_parameters[name] = furnished.ids["case"] if name == "case" else found
    if "number" in case.path_parameters and draw(st.booleans()):
        case.path_parameters["number"] = 1
    if "If-Match" in (case.headers or {}) and draw(st.integers(0, 9)) < 8:
        case.headers["If-Match"] = "*"
    _mend(case.body, draw, furnished)
    for name in ("formula", "run", "bar_set"):
        if name in (case.query or {}) and draw(st.booleans()):
            case.query[name] = {
                "formula": furnished.ids["/api/v1/formulas/"],
                "run": furnished.ids["/api/v1/backtests/"],
                "bar_set": furnished.bar_set,
            }[name]


def _mend(part: Any, draw: st.DrawFn, furnished: Furnished) -> None:
    if isinstance(part, list):
        for item in part:
            _mend(item, draw, furnished)
    if not isinstance(part, dict):
        return
    for name, value in list(part.items()):
        good = {
            "bar_set": furnished.bar_set,
            "formula": furnished.ids["/api/v1/formulas/"],
            "symbol": "WAVE",
            "text": draw(st.sampled_from([CROSS, SWEPT])),
            "axes": {"length": "3,5"},
        }.get(name)
        if good is not None and isinstance(value, type(good)) and draw(st.integers(0, 3)):
            part[name] = good
        elif name not in ("content", "settings", "inputs", "tree", "blocks"):
            _mend(value, draw, furnished)
    if "bar_set" in part and "symbol" in part and draw(st.booleans()):
        del part["symbol"]
    if "text" in part and "formula" in part and draw(st.booleans()):
        del part["formula"]


@pytest.mark.prove
@pytest.mark.django_db
def test_no_answer_is_a_fault_or_undocumented(furnished):
    document = Client().get("/api/schema/", headers={"Accept": "application/json"})
    schema = schemathesis.openapi.from_dict(json.loads(document.content))
    operations = [result.ok() for result in schema.get_all_operations()]
    operations = [one for one in operations if SLICE in one.path]
    operations.sort(key=lambda one: (ORDER.index(one.method.upper()), one.path))
    assert SLICE or len(operations) > 70
    wrong: list[str] = []
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _ask(operation, mode, furnished)
            except schemathesis.errors.SchemathesisError as error:  # nothing can be made up wrongly there
                if "negative" not in str(error).lower():
                    wrong.append(f"{operation.label} ({mode.value}): {error}")
            except FailureGroup as group:
                wrong += [
                    f"{operation.label} ({mode.value}): {error} {getattr(error, 'message', '')}"
                    for error in group.exceptions
                ]
            except Exception:
                wrong.append(f"{operation.label} ({mode.value}): {traceback.format_exc()[-1500:]}")
    assert not wrong, "\n\n".join(wrong)


def _answer(case: Case, secret: str) -> Response:
    """Send it to Django in this process, inside the test's transaction."""
    arguments = case.as_transport_kwargs(base_url="http://testserver")
    arguments["headers"] = {**arguments["headers"], "Authorization": f"Bearer {secret}"}
    prepared = requests.Request(**{k: v for k, v in arguments.items() if k in REQUEST_ARGUMENTS}).prepare()
    headers = {
        name: value.decode("latin-1") if isinstance(value, bytes) else value
        for name, value in prepared.headers.items()
    }
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    got = Client().generic(
        prepared.method,
        prepared.url.removeprefix("http://testserver"),
        body,
        headers.pop("Content-Type", ""),
        headers=headers,
    )
    return Response(
        got.status_code,
        {name: [value] for name, value in got.headers.items()},
        b"".join(got.streaming_content) if got.streaming else got.content,
        prepared,
        0.0,
        False,
    )


def _ask(operation: Any, mode: GenerationMode, furnished: Furnished) -> None:
    @settings(
        max_examples=60 if LONG else 3,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def ask(case: Case, data: st.DataObject) -> None:
        cache.clear()  # rates
        if mode is GenerationMode.POSITIVE:
            _fill(case, data.draw, furnished)
        case.validate_response(_answer(case, furnished.secret), checks=CHECKS)

    ask()
