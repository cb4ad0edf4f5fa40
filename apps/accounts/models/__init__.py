"""People, the workspaces that own everything, keys and log-ins."""

from apps.accounts.models.guesses import DeviceLink, GuessBucket
from apps.accounts.models.keys import ApiKey
from apps.accounts.models.logins import Device, Login
from apps.accounts.models.mail import SecurityMail
from apps.accounts.models.people import Impersonation, Preferences, User, UserManager
from apps.accounts.models.privacy import DataExport, FileRemoval, RetentionRule
from apps.accounts.models.tokens import LoginChallenge, RefreshToken
from apps.accounts.models.workspaces import Invitation, Membership, Workspace

__all__ = [
    "ApiKey",
    "DataExport",
    "Device",
    "DeviceLink",
    "FileRemoval",
    "GuessBucket",
    "Impersonation",
    "Invitation",
    "Login",
    "LoginChallenge",
    "Membership",
    "Preferences",
    "RefreshToken",
    "RetentionRule",
    "SecurityMail",
    "User",
    "UserManager",
    "Workspace",
]
