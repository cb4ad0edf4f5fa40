"""Columns every public row has, and what the API's platform keeps."""

from __future__ import annotations

import re
import uuid

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from apps.core.secrets.fields import EncryptedTextField

_GAP = re.compile(r"\(\?P<(\w+)>[^()]*\)|<(?:\w+:)?(\w+)>")


class BaseModel(models.Model):
    """Integer key inside the database, random UUID in URLs and the API."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class IdempotentRequest(models.Model):
    """A POST with an Idempotency-Key that was carried out, and its answer (encrypted: it may show a new secret)."""

    caller = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    answer = EncryptedTextField()
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "key"], name="core_idempotentrequest_unique")
        ]


class ApiRequest(models.Model):
    """A line of the API's request log. Plain ids: it outlives what it names, and is gone after 30 days."""

    at = models.DateTimeField()
    method = models.CharField(max_length=10)
    route = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    milliseconds = models.FloatField()
    bytes_sent = models.BigIntegerField()
    ip = models.GenericIPAddressField(null=True)
    request_id = models.CharField(max_length=40)
    via = models.CharField(max_length=10, help_text="key, token, session, or nothing for a stranger")
    key_id = models.BigIntegerField(null=True)
    user_id = models.BigIntegerField(null=True)
    workspace_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace_id", "-id"], name="core_apirequest_workspace"),
            models.Index(
                fields=["key_id", "-id"], name="core_apirequest_key", condition=models.Q(key_id__gt=0)
            ),
            models.Index(fields=["user_id", "-id"], name="core_apirequest_user"),
            BrinIndex(fields=["at"], name="core_apirequest_at"),
        ]

    @property
    def path(self) -> str:
        """The route as the reference writes it: "/api/v1/formulas/{uuid}/"."""
        plain = _GAP.sub(lambda gap: "{" + (gap[1] or gap[2]) + "}", self.route)
        return "/" + re.sub(r"[\^$\\]", "", plain)
