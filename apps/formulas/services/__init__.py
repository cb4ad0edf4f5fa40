"""Writes of formulas, their versions and their tests."""

from apps.formulas.services.cases import (
    add_case,
    add_snapshot,
    change_case,
    remove_case,
    restore_case,
    run_tests,
)
from apps.formulas.services.drafts import (
    archive_formula,
    create_formula,
    fork_formula,
    save_formula,
    unarchive_formula,
    use_template,
)
from apps.formulas.services.versions import publish_formula, restore_version

__all__ = [
    "add_case",
    "add_snapshot",
    "archive_formula",
    "change_case",
    "create_formula",
    "fork_formula",
    "publish_formula",
    "remove_case",
    "restore_case",
    "restore_version",
    "run_tests",
    "save_formula",
    "unarchive_formula",
    "use_template",
]
