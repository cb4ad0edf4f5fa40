"""Fixed words of the formulas room."""

from django.db.models import TextChoices

from apps.core.words import gettext_lazy


class ShareLevel(TextChoices):
    """What one person outside may do with a formula; each includes those before it."""

    VIEW = "view", gettext_lazy("View")
    COPY = "copy", gettext_lazy("View and copy")
    EDIT = "edit", gettext_lazy("Edit")


# the permissions that django-guardian holds for each
PERMISSIONS = {
    ShareLevel.VIEW: ("view_formula",),
    ShareLevel.COPY: ("view_formula", "copy_formula"),
    ShareLevel.EDIT: ("view_formula", "copy_formula", "change_formula"),
}
