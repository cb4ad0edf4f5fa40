"""A taken port is named, and the next free one is used."""

from __future__ import annotations

import socket

import pytest

from deploy.local.ports import is_free, pick_port


@pytest.fixture(params=["127.0.0.1", "0.0.0.0"])
def taken(request: pytest.FixtureRequest):
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((request.param, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_taken_port_is_said_and_passed_by(taken: int, capsys: pytest.CaptureFixture[str]):
    port = pick_port(taken, "the web server")
    assert port > taken
    assert is_free(port)
    assert f"port {taken} is taken, the web server uses {port}" in capsys.readouterr().err


def test_a_free_port_is_used_in_silence(taken: int, capsys: pytest.CaptureFixture[str]):
    free = pick_port(taken, "x")
    capsys.readouterr()
    assert pick_port(free, "x") == free
    assert capsys.readouterr().err == ""
