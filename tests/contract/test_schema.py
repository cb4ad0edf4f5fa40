"""Requests made up from the API's own description: no answer is a fault of ours, and none is undocumented.

The same requests every time: two for each operation, one as described and one against it. `make prove` sends
EXAMPLES=25 of each kind. `SLICE=/bars/` asks only paths that hold it.
"""

from __future__ import annotations

import json
import os
import traceback
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.test import Client
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from tests.contract.asking import ask
from tests.contract.conftest import Furnished

SLICE = os.environ.get("SLICE", "")  # paths that hold this, for a long run of one room
# takes files by the ending of their name, and made-up ones have none (tests/markets/feeds sends real ones)
UNNAMED = {"POST /api/v1/feeds/{uuid}/drop/"}
LEADS_AWAY = {
    "GET /api/v1/billing/invoices/{uuid}/pdf/"
}  # 302 to the file of the gateway that made the invoice
EXAMPLES = int(os.environ.get("EXAMPLES", "25"))


@pytest.mark.django_db
def test_no_answer_is_a_fault_or_undocumented(furnished):
    _hold(furnished, 1)


@pytest.mark.prove
@pytest.mark.django_db
def test_no_answer_of_many_is_a_fault_or_undocumented(furnished):
    _hold(furnished, EXAMPLES)


@pytest.mark.prove
@pytest.mark.django_db
def test_strangers_are_refused_wherever_the_description_says_so(furnished):
    let_in = {}
    for operation in _operations():
        statuses: Counter[int] = Counter()
        ask(operation, GenerationMode.POSITIVE, furnished, 2, statuses, as_stranger=True)
        if {} not in operation.definition.raw["security"] and set(statuses) != {401}:
            let_in[operation.label] = dict(statuses)
    assert not let_in


def _hold(furnished: Furnished, examples: int) -> None:
    wrong: list[str] = []
    seen: dict[str, Counter[int]] = {}
    for operation in _operations():
        statuses = seen[operation.label] = Counter()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                ask(operation, mode, furnished, examples, statuses)
            except schemathesis.errors.SchemathesisError as error:  # nothing can be made up wrongly there
                if "negative" not in str(error).lower():
                    wrong.append(f"{operation.label} ({mode.value}): {error}")
            except FailureGroup as group:
                wrong += [
                    f"{operation.label} ({mode.value}): {error} {getattr(error, 'message', '')[:600]}"
                    for error in group.exceptions
                ]
            except Exception:
                wrong.append(f"{operation.label} ({mode.value}): {traceback.format_exc()[-1500:]}")
    for label, statuses in seen.items():
        print(dict(sorted(statuses.items())), label)
    print(f"{len(seen)} operations, {sum(sum(one.values()) for one in seen.values())} requests")
    assert not wrong, "\n\n".join(wrong)
    never = {label for label, statuses in seen.items() if not any(200 <= one < 300 for one in statuses)}
    assert never <= UNNAMED | LEADS_AWAY


def _operations() -> Iterator[Any]:
    document = Client().get("/api/schema/", headers={"Accept": "application/json"})
    schema = schemathesis.openapi.from_dict(json.loads(document.content))
    found = [result.ok() for result in schema.get_all_operations()]
    assert len(found) > 100
    return (operation for operation in found if SLICE in operation.path)
