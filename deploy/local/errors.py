"""The one error of this package: something a person can act on."""

from __future__ import annotations


class LocalError(Exception):
    """Starting or stopping failed; the message says what happened and what to do."""
