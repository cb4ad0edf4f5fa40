"""People, the workspaces that own everything, keys and log-ins."""

from apps.accounts.models.keys import ApiKey
from apps.accounts.models.logins import Device, Login
from apps.accounts.models.people import User, UserManager
from apps.accounts.models.workspaces import Membership, Workspace

__all__ = ["ApiKey", "Device", "Login", "Membership", "User", "UserManager", "Workspace"]
