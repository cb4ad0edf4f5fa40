"""Columns every public row has."""

from __future__ import annotations

import uuid

from django.db import models


class BaseModel(models.Model):
    """Integer key inside the database, random UUID in URLs and the API."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
