"""The hash chain of a workspace's signals: its keys, a link for each signal, a signed root for each day."""

from __future__ import annotations

from django.db import models

from apps.core.models import BaseModel
from apps.core.secrets.fields import EncryptedTextField


class SignalChain(BaseModel):
    """One for each workspace with signals, made by the sealing job.

    `seed` is the private half of the Ed25519 key, `salt` the secret that the salts of records are derived from, in hex.
    `dropped_until` is the newest moment of receipt among signals that retention has taken away.
    """

    workspace = models.OneToOneField("accounts.Workspace", on_delete=models.CASCADE, related_name="+")
    public_key = models.CharField(max_length=64, help_text="Ed25519, hex.")
    seed = EncryptedTextField()
    salt = EncryptedTextField()
    slug = models.SlugField(  # noqa: DJ001  many have none, and it is unique
        max_length=40, null=True, unique=True, help_text="Of its public page; none: not public."
    )
    reveal_after_h = models.PositiveIntegerField(
        null=True, help_text="So long after its receipt a signal's content is public; none: never."
    )
    dropped_until = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    faults = models.JSONField(default=list, help_text="What the last verification found, in words.")

    def __str__(self) -> str:
        return f"chain of workspace {self.workspace_id}"


class SignalLink(models.Model):
    """A signal's place in the chain. Only ever inserted, removed with its workspace only; the signal itself may go."""

    chain = models.ForeignKey(SignalChain, on_delete=models.CASCADE, related_name="links")
    number = models.PositiveIntegerField()
    signal_uuid = models.UUIDField(unique=True)
    received_at = models.DateTimeField()
    sealed_at = models.DateTimeField()
    record_hash = models.CharField(max_length=64)
    link_hash = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "number"], name="signals_link_number")]

    def __str__(self) -> str:
        return f"link {self.number} of chain {self.chain_id}"


class SignalDay(models.Model):
    """The links sealed on one UTC day, bound to the day before and signed. Only ever inserted."""

    chain = models.ForeignKey(SignalChain, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    first_number = models.PositiveIntegerField()
    last_number = models.PositiveIntegerField()
    head = models.CharField(max_length=64, help_text="The hash of its last link.")
    root_hash = models.CharField(max_length=64)
    signature = models.CharField(max_length=128, help_text="Ed25519 over the root, hex.")
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "day"], name="signals_day_once")]

    def __str__(self) -> str:
        return f"{self.day} of chain {self.chain_id}"

    @property
    def count(self) -> int:
        return self.last_number - self.first_number + 1
