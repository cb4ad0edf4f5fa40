"""People, the workspaces that own everything, keys, log-ins and second factors."""

from apps.accounts.models.guesses import DeviceLink, GuessBucket
from apps.accounts.models.keys import ApiKey
from apps.accounts.models.logins import Device, Login
from apps.accounts.models.mail import MailRequest, Outgoing, SecurityMail
from apps.accounts.models.people import Impersonation, Preferences, User, UserManager
from apps.accounts.models.privacy import DataExport, FileRemoval, RetentionRule
from apps.accounts.models.second_factors import BackupCode, BackupCodes, Passkey, TotpDevice
from apps.accounts.models.tokens import LoginChallenge, RefreshToken
from apps.accounts.models.views import SavedView
from apps.accounts.models.workspaces import Invitation, Membership, Workspace

__all__ = [
    "ApiKey",
    "BackupCode",
    "BackupCodes",
    "DataExport",
    "Device",
    "DeviceLink",
    "FileRemoval",
    "GuessBucket",
    "Impersonation",
    "Invitation",
    "Login",
    "LoginChallenge",
    "MailRequest",
    "Membership",
    "Outgoing",
    "Passkey",
    "Preferences",
    "RefreshToken",
    "RetentionRule",
    "SavedView",
    "SecurityMail",
    "TotpDevice",
    "User",
    "UserManager",
    "Workspace",
]
