"""Fixed words of the formulas room."""

from django.db.models import TextChoices


class ShareLevel(TextChoices):
    """What one person outside may do with a formula; each includes those before it."""

    VIEW = "view", "View"
    COPY = "copy", "View and copy"
    EDIT = "edit", "Edit"


# the permissions that django-guardian holds for each
PERMISSIONS = {
    ShareLevel.VIEW: ("view_formula",),
    ShareLevel.COPY: ("view_formula", "copy_formula"),
    ShareLevel.EDIT: ("view_formula", "copy_formula", "change_formula"),
}
