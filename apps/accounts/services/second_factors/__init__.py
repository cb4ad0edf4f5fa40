"""Writes of second factors: setting up, verifying, removing, and what a workspace asks for."""

from apps.accounts.services.second_factors.backup_codes import make_backup_codes
from apps.accounts.services.second_factors.factors import remove_factor, rename_passkey, reset_second_factors
from apps.accounts.services.second_factors.passkeys import (
    add_passkey,
    begin_passkey,
    begin_passkey_check,
    check_passkey,
    relying_party,
)
from apps.accounts.services.second_factors.requirements import MfaSource, set_mfa_requirement
from apps.accounts.services.second_factors.sessions import (
    distrust_devices,
    has_passed_in,
    mark_passed,
    second_factor_needed,
    trust_device,
)
from apps.accounts.services.second_factors.totp import begin_totp, confirm_totp
from apps.accounts.services.second_factors.verification import verify_second_factor

__all__ = [
    "MfaSource",
    "add_passkey",
    "begin_passkey",
    "begin_passkey_check",
    "begin_totp",
    "check_passkey",
    "confirm_totp",
    "distrust_devices",
    "has_passed_in",
    "make_backup_codes",
    "mark_passed",
    "relying_party",
    "remove_factor",
    "rename_passkey",
    "reset_second_factors",
    "second_factor_needed",
    "set_mfa_requirement",
    "trust_device",
    "verify_second_factor",
]
