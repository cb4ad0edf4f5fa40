"""People, who log in by e-mail."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower

from apps.accounts.choices import Currency, DateForm, Fill, Locale, NumberForm, Rising, Theme
from apps.core.models import BaseModel


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=self.normalize_email(email), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin, BaseModel):
    """A person; logs in by e-mail, whose case does not matter."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=100, blank=True)
    timezone = models.CharField(max_length=50, default="UTC")
    second_factors_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the second factors last changed; empty while there are none.",
    )
    language = models.CharField(
        max_length=5,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        help_text="Of pages, mails and messages.",
    )
    locale = models.CharField(max_length=10, choices=Locale, default=Locale.NEUTRAL, blank=True)
    base_currency = models.CharField(max_length=5, choices=Currency, default=Currency.USD)
    avatar = models.CharField(max_length=100, blank=True, help_text="The image's path on the storage.")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_for = models.CharField(
        max_length=300, blank=True, help_text="Why, in words the person is told."
    )
    erase_at = models.DateTimeField(
        null=True, blank=True, help_text="When the account is deleted, as its person asked."
    )
    erased_at = models.DateTimeField(null=True, blank=True, help_text="Since when this row is a pseudonym.")

    objects: ClassVar[UserManager] = UserManager()

    PSEUDONYM = "a deleted person"
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_unique")]
        permissions = [
            ("can_manage_users", "Can find, change, activate and suspend people"),
            ("can_impersonate_users", "Can look at the product as somebody else, for a short time"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def display_name(self) -> str:
        return self.PSEUDONYM if self.erased_at else self.name or self.email.partition("@")[0]


class Preferences(BaseModel):
    """How a person wants to see and be told things, and what new research starts from.

    Made at the first change: who has no row has every default.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="preferences")
    theme = models.CharField(max_length=10, choices=Theme, default=Theme.SYSTEM)
    rising = models.CharField(
        max_length=10, choices=Rising, default=Rising.GREEN, help_text="The colour of rising prices."
    )
    numbers = models.CharField(max_length=10, choices=NumberForm, default=NumberForm.REGION, blank=True)
    dates = models.CharField(max_length=10, choices=DateForm, default=DateForm.REGION, blank=True)
    cash = models.DecimalField(
        max_digits=15,
        decimal_places=2,
        default=Decimal(10_000),
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(Decimal(10) ** 12)],
    )
    fee_percent = models.DecimalField(
        max_digits=6,
        decimal_places=4,
        default=Decimal("0.1"),
        validators=[MinValueValidator(0), MaxValueValidator(50)],
    )
    slippage_bps = models.DecimalField(
        max_digits=6,
        decimal_places=2,
        default=Decimal(2),
        validators=[MinValueValidator(0), MaxValueValidator(1000)],
    )
    fill = models.CharField(max_length=10, choices=Fill, default=Fill.NEXT_OPEN)
    mail_new_device = models.BooleanField(default=True)
    mail_keys = models.BooleanField(default=True)
    mail_workspaces = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user_id}"


class Impersonation(BaseModel):
    """A member of staff looks at the product as somebody else: read-only, with a reason, for minutes."""

    staff = models.ForeignKey(User, on_delete=models.CASCADE, related_name="impersonations")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="impersonated")
    reason = models.CharField(max_length=300)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff"], condition=models.Q(ended_at=None), name="accounts_one_impersonation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} as {self.user_id}"
