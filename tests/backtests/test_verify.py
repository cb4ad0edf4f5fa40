"""`manage.py backtests verify`: what was said then still holds, or the exact difference is listed."""

from __future__ import annotations

import io
import json

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from apps.backtests.models import Backtest
from apps.backtests.services import run_backtest, submit_backtest
from apps.backtests.services.storage import sha256_of, store


@pytest.fixture
def done(workspace, question, user) -> Backtest:
    backtest, _ = submit_backtest(workspace, question, actor=user)
    run_backtest(backtest.pk)
    backtest.refresh_from_db()
    assert backtest.status == "done", backtest.error
    return backtest


def _verify(*options: str) -> tuple[str, int]:
    out = io.StringIO()
    try:
        call_command("backtests", "verify", *options, stdout=out)
    except CommandError as error:
        return out.getvalue() + str(error), error.returncode
    return out.getvalue(), 0


def _rewrite(backtest: Backtest, change) -> None:
    """Store the result as another engine might have left it."""
    content = json.loads(default_storage.open(backtest.result_path).read())
    change(content)
    data = json.dumps(content).encode()
    Backtest.objects.filter(pk=backtest.pk).update(
        result_path=store(backtest.result_path, data), result_sha256=sha256_of(data)
    )


def test_a_result_that_holds_is_the_same_to_the_byte(done):
    assert _verify() == ("1 stored result: 1 same bytes\n", 0)


def test_what_another_engine_said_holds_while_only_its_name_differs(done):
    def older(content):
        content["hashes"]["engine"] = "0.9.0"
        del content["metrics"]["sqn"]  # it did not know this one

    _rewrite(done, older)
    assert _verify() == ("1 stored result: 1 unchanged\n", 0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: content["metrics"].update(sharpe=9.5), "metrics.sharpe: 9.5 ->"),
        (lambda content: content["trades"].pop(), "trades:"),
        (lambda content: content["trades"][0].update(exit_price=1.25), "trade 1, exit_price: 1.25 ->"),
        (
            lambda content: content["equity"]["value"].__setitem__(7, 1.0),
            "equity from 2020-01-08T00:00:00Z on: 1.0 ->",
        ),
    ],
)
def test_a_changed_result_is_listed_and_is_a_failure(done, change, told):
    _rewrite(done, change)
    text, status = _verify()
    assert status == 1
    assert told in text
    assert str(done.uuid) in text


def test_a_file_that_was_tampered_with_is_found(done):
    content = default_storage.open(done.result_path).read()
    store(done.result_path, content.replace(b"long", b"LONG"))
    text, status = _verify()
    assert (status, "not the one that was written" in text) == (1, True)


def test_a_file_that_is_gone_is_said(done):
    default_storage.delete(done.result_path)
    text, status = _verify()
    assert (status, "a file is missing" in text) == (1, True)


def test_the_choice_of_what_to_verify(done):
    assert _verify("--engine", "0.0.1") == ("0 stored results\n", 0)
    assert _verify("--workspace", done.workspace.slug, "--limit", "1")[1] == 0
    assert _verify("--limit", "0")[1] == 2
