"""Examples of requests and answers, kept in `examples.json` beside the views, by operation.

They are recorded from real requests: see tests/contract/test_examples.py.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any


@cache
def examples_beside(module: str) -> dict[str, dict[str, Any]]:
    """Operation to {"request", "response"}, of the folder the module is in."""
    file = Path(str(sys.modules[module].__file__)).with_name("examples.json")
    return json.loads(file.read_text()) if file.exists() else {}


def add_examples(operation: dict[str, Any], view: Any) -> None:
    """Put the kept examples where the view gives none of its own."""
    kept = examples_beside(type(view).__module__).get(operation["operationId"], {})
    if "request" in kept:
        for body in operation.get("requestBody", {}).get("content", {}).values():
            _add(body, kept["request"])
    answers = [
        body
        for status, response in operation["responses"].items()
        for media_type, body in response.get("content", {}).items()
        if status.startswith("2") and "json" in media_type
    ]
    for body in answers:
        if "response" in kept:
            _add(body, kept["response"])
        # 202 with the queued run and 200 with the stored one show the same
        same = next((one for one in answers if one["schema"] == body["schema"] and "examples" in one), None)
        if same and "example" not in body:
            body.setdefault("examples", same["examples"])


def _add(body: dict[str, Any], example: Any) -> None:
    if "example" not in body and "examples" not in body:
        body["example"] = example
