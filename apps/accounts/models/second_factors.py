"""Second factors of people, as devices of django-otp: an authenticator app, passkeys, backup codes."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_otp.models import Device as OtpDevice

from apps.core.models import BaseModel
from apps.core.secrets.fields import EncryptedTextField


class FactorManager(models.Manager[Any]):
    """What django-otp asks of its devices' managers."""

    def devices_for_user(self, user: Any, confirmed: bool | None = None) -> models.QuerySet[Any]:
        """The person's devices, or only those that are (not) in use."""
        mine = self.filter(user=user)
        return mine if confirmed is None else mine.filter(confirmed=confirmed)


class TotpDevice(BaseModel, OtpDevice):
    """An authenticator app (RFC 6238); at most one in use, and one that is being set up (`confirmed` False)."""

    key = EncryptedTextField(help_text="The shared secret in base32.")
    last_step = models.BigIntegerField(
        default=-1, help_text="Time step of the newest code used; no older one counts."
    )
    drift = models.SmallIntegerField(
        default=0, help_text="By how many steps the app's clock was off when last used."
    )
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = FactorManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "confirmed"], name="accounts_totpdevice_one_each")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """The shared secret in base32, decrypted."""
        key: Any = self.key
        return str(key.reveal())


class Passkey(BaseModel, OtpDevice):
    """A WebAuthn credential. What is kept of it is public; the private key never leaves the authenticator."""

    credential_id = models.CharField(
        max_length=1400, unique=True, help_text="In base64url, as browsers send it."
    )
    credential = models.BinaryField(help_text="Attested credential data: AAGUID, id and COSE public key.")
    rp_id = models.CharField(max_length=253, help_text="The host name it was made for and works on.")
    sign_count = models.PositiveBigIntegerField(default=0)
    transports = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    is_synced = models.BooleanField(
        default=False, help_text="Kept by a password manager that copies it elsewhere."
    )
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = FactorManager()

    class Meta:
        indexes = [models.Index(fields=["user"], name="accounts_passkey_user")]

    def __str__(self) -> str:
        return self.name


class BackupCodes(BaseModel, OtpDevice):
    """A person's set of ten codes for the day the other factors are lost; a new set replaces the old one."""

    objects = FactorManager()

    class Meta:
        verbose_name_plural = "backup codes"
        constraints = [models.UniqueConstraint(fields=["user"], name="accounts_backupcodes_one_set")]

    def __str__(self) -> str:
        return self.name


class BackupCode(models.Model):
    """One code, good once. It has 80 random bits, so that a plain SHA-256 of it can be kept without fear."""

    codes = models.ForeignKey(BackupCodes, on_delete=models.CASCADE, related_name="codes")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["codes", "code_hash"], name="accounts_backupcode_unique")
        ]

    def __str__(self) -> str:
        return "used" if self.used_at else "unused"
