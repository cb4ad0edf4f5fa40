"""Ports on the loopback address: the usual one, or the next free one when it is taken."""

from __future__ import annotations

import socket

from deploy.local.errors import LocalError
from deploy.local.say import say

LOOPBACK = "127.0.0.1"
TRIES = 100


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now.

    A bind alone is not enough everywhere: some systems let a loopback socket shadow a listener on all addresses.
    """
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex((LOOPBACK, port)) == 0:
            return False
    with socket.socket() as candidate:
        # What was closed a moment ago is free for a server, which sets the same option.
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def pick_port(usual: int, server: str) -> int:
    """The usual port, or the next free one; a change is said."""
    for port in range(usual, usual + TRIES):
        if is_free(port):
            if port != usual:
                say(f"port {usual} is taken, {server} uses {port}")
            return port
    raise LocalError(f"No free port for {server} between {usual} and {usual + TRIES - 1}.")
