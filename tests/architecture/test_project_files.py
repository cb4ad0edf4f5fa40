"""Files that name the same thing agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config.celery import QUEUES

ROOT = Path(__file__).resolve().parents[2]


def pins(name: str) -> dict[str, str]:
    """Package to version of a compiled requirements file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\\n]+)", text, re.MULTILINE))


@pytest.mark.parametrize("wider", ["dev", "prod"])
def test_every_set_pins_the_same_versions(wider: str):
    """What is tested is what runs."""
    assert pins("base").items() <= pins(wider).items()


def test_the_worker_listens_to_every_queue():
    worker = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("worker:"))
    named = re.search(r"--queues (\S+)", worker)
    assert named
    assert set(named[1].split(",")) == set(QUEUES)


def test_every_dependency_has_its_reason():
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    missing = [
        name
        for source in (ROOT / "requirements").glob("*.in")
        for name in re.findall(r"^([a-z0-9][a-z0-9-]*)", source.read_text(), re.MULTILINE)
        if f"`{name}`" not in reasons
    ]
    assert missing == []
