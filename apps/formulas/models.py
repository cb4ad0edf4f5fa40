"""Formulas: a draft one edits, versions that never change, and the cases that test them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from guardian.models import UserObjectPermissionBase

from apps.accounts.models import User, Workspace
from apps.core.models import BaseModel
from apps.formulas.choices import ShareLevel


class Formula(BaseModel):
    """A named formula; `text` is the draft, which may hold errors while it is being written.

    A fork remembers the version it came from, and its name and hash where that version is gone or another's.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    text = models.TextField(blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    forked_from = models.ForeignKey(
        "FormulaVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="forks"
    )
    forked_from_label = models.CharField(max_length=140, blank=True)
    forked_from_hash = models.CharField(max_length=64, blank=True)
    # the formula of the same workspace it was forked from, also when it is gone: what was tried there counts here
    parent_uuid = models.UUIDField(null=True, blank=True, editable=False)

    level = ""  # at which it is shared with who reads it; empty for a formula of their own workspace

    class Meta:
        indexes = [models.Index(fields=["workspace", "-updated_at"], name="formulas_formula_recent")]
        permissions = [("copy_formula", "May copy one formula")]

    def __str__(self) -> str:
        return self.name


class FormulaVersion(BaseModel):
    """A published text: immutable, numbered, identified by the hash of its canonical tree.

    `cases` are the tests it passed. A database trigger refuses every change, and every removal but the formula's own.
    """

    formula = models.ForeignKey(Formula, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    content_hash = models.CharField(max_length=64)
    note = models.CharField(max_length=500, blank=True)
    cases = models.JSONField(default=list)
    published_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["formula", "number"], name="formulas_version_number_unique"),
            models.UniqueConstraint(fields=["formula", "content_hash"], name="formulas_version_hash_unique"),
            models.CheckConstraint(condition=Q(number__gte=1), name="formulas_version_number_ge_1"),
        ]

    def __str__(self) -> str:
        return f"{self.formula.name} v{self.number}"


class FormulaCase(BaseModel):
    """A test of a formula: `content` as `apps.engine.lang.cases` reads it. A removed one can be brought back."""

    formula = models.ForeignKey(Formula, on_delete=models.CASCADE, related_name="cases")
    order = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    content = models.JSONField()
    bars = models.PositiveIntegerField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["formula", "name"],
                condition=Q(removed_at=None),
                name="formulas_case_name_unique",
            )
        ]

    def __str__(self) -> str:
        return self.name


class FormulaShare(BaseModel):
    """A formula shown to one person outside its workspace, by e-mail address.

    What the person may do is held by django-guardian (`FormulaGrant`) once they have an account with that address,
    confirmed; until then the share is pending.
    """

    formula = models.ForeignKey(Formula, on_delete=models.CASCADE, related_name="shares")
    email = models.EmailField(max_length=254)
    level = models.CharField(max_length=10, choices=ShareLevel)
    person = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    shared_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("formula", Lower("email"), name="formulas_share_email_unique"),
            models.UniqueConstraint(fields=["formula", "person"], name="formulas_share_person_unique"),
        ]

    def __str__(self) -> str:
        return f"share of {self.formula}"


class FormulaGrant(UserObjectPermissionBase):  # type: ignore[misc]
    """One permission of one person on one formula; read and written through django-guardian."""

    content_object = models.ForeignKey(Formula, on_delete=models.CASCADE)
