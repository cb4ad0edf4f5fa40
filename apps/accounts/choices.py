"""Fixed words of the accounts room."""

from django.db.models import TextChoices


class WorkspaceKind(TextChoices):
    PERSONAL = "personal", "Personal"
    TEAM = "team", "Team"


class Role(TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    TRADER = "trader", "Trader"
    ANALYST = "analyst", "Analyst"
    VIEWER = "viewer", "Viewer"


class LoginKind(TextChoices):
    BROWSER = "browser", "Browser"
    TOKEN = "token", "Program"
