"""Lists as somebody wants to see them again."""

from __future__ import annotations

from django.db import models

from apps.accounts.models.people import User
from apps.accounts.models.workspaces import Workspace
from apps.core.models import BaseModel


class SavedView(BaseModel):
    """A list's filters and order under a name, of one person in one workspace (filters name what is in it).

    `page` is the name of the list, `query` what stands behind the "?" of its address.
    """

    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    page = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1_000)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "workspace", "page", "name"], name="accounts_savedview_name"
            ),
            models.UniqueConstraint(
                fields=["person", "workspace", "page"],
                condition=models.Q(is_default=True),
                name="accounts_savedview_one_default",
            ),
        ]

    def __str__(self) -> str:
        return self.name
