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
from apps.formulas.services.sharing import (
    change_share,
    claim_shares,
    end_shares_of_member,
    revoke_share,
    send_share,
    share_formula,
)
from apps.formulas.services.versions import publish_formula, restore_version

__all__ = [
    "add_case",
    "add_snapshot",
    "archive_formula",
    "change_case",
    "change_share",
    "claim_shares",
    "create_formula",
    "end_shares_of_member",
    "fork_formula",
    "publish_formula",
    "remove_case",
    "restore_case",
    "restore_version",
    "revoke_share",
    "run_tests",
    "save_formula",
    "send_share",
    "share_formula",
    "unarchive_formula",
    "use_template",
]
