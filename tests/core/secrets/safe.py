"""A table with encrypted fields for these tests alone, outside the project's own models."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import models

from apps.core.secrets.fields import EncryptedTextField

OLD = "old:" + "T" * 43 + "="
NEW = "new:" + "M" * 43 + "="


class Safe(models.Model):
    name = models.CharField(max_length=20)
    code = EncryptedTextField(null=True)
    other = EncryptedTextField(blank=True, default="")

    class Meta:
        app_label = "core"
        apps = Apps()
        db_table = "test_core_safe"
