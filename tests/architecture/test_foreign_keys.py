"""Foreign keys point down the floors, as imports do."""

from __future__ import annotations

import tomllib
from pathlib import Path

from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]


def floors() -> dict[str, int]:
    """App label to the number of its floor, read from the contract that import-linter checks; 0 is the top."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in config["contracts"] if contract["id"] == "floors")
    return {name.strip(): number for number, layer in enumerate(layers) for name in layer.split("|")}


def test_foreign_keys_point_down():
    floor = floors()
    seen = 0
    wrong = []
    for model in apps.get_models():
        label = model._meta.app_label
        if label not in floor:
            continue
        for field in model._meta.get_fields():
            target = field.related_model if field.concrete and field.is_relation else None
            if target is None or target._meta.app_label not in floor or target._meta.app_label == label:
                continue
            seen += 1
            if floor[target._meta.app_label] <= floor[label]:
                wrong.append(f"{label}.{model.__name__}.{field.name} points at {target._meta.label}")
    assert wrong == []
    assert seen > 5, "the models were not read"


def test_every_app_has_a_floor():
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("apps.")}
    assert ours <= set(floors())
