"""Writes of the accounts room, one file per subject; each leaves its journal entry in the same transaction."""

from apps.accounts.services.keys import KEY_PREFIX, create_api_key, revoke_api_key
from apps.accounts.services.people import update_profile
from apps.accounts.services.workspaces import ensure_personal_workspace

__all__ = [
    "KEY_PREFIX",
    "create_api_key",
    "ensure_personal_workspace",
    "revoke_api_key",
    "update_profile",
]
