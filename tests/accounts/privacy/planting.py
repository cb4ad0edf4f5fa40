"""One row in every table that holds something about people, belonging to one person, made without any service."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models, transaction

from apps.accounts.models import User, Workspace
from apps.billing.models import CreditBucket
from apps.billing.services.credits import adjust_credits
from apps.core.privacy import holdings
from apps.core.secrets.fields import EncryptedTextField
from apps.journal.services import record
from tests.factories import UserFactory, workspace_of

NOW = dt.datetime(2026, 11, 1, 12, 0, tzinfo=dt.UTC)
# where a value of the right type is not enough
FITTING: dict[str, dict[str, Any]] = {
    "signals.alarm": {"is_active": False, "deleted_at": None},
    "admin.logentry": {"action_flag": 2},
    "markets.livebar": {"low": 1.0, "high": 2.0},
    "signals.alertsource": {"previous_token_hash": None, "previous_token_expires_at": None},
    "backtests.sweepchunk": {"first": 0, "last": 1},
    "accounts.dataexport": {"status": "done"},
    "accounts.membership": {"role": "owner"},
    "notifications.delivery": {"ended_at": None},
    "signals.firing": {"ended_at": None},
    "signals.signaloutcome": {"reason": ""},
    "trading.tradingaccount": {"exchange": ""},
    "trading.cashentry": {"fill_id": None},
    "trading.position": {"opened_at": None},
    "trading.risklimits": {"account_id": None, "book_id": None, "max_drawdown": "0.5"},
    "trading.killswitch": {"scope": "book", "value": ""},
    "billing.checkout": {"pack_id": None},
    "billing.coupon": {
        "code": "PLANTED",
        "amount_off": None,
        "currency": "",
        "percent_off": 10,
        "months": None,
    },
    "billing.invoice": {
        "series_id": None,
        "series_number": None,
        "subtotal": 10,
        "discount": 0,
        "tax": 0,
        "total": 10,
    },
}
# the same for everybody, so the second person's rows point at the first one's
SHARED = (
    "billing.invoiceseries",
    "billing.plan",
    "billing.planprice",
    "billing.creditpack",
    "billing.coupon",
)


class Garden:
    """Plants for one person; every text carries `word`, so that it can be found again, and files exist."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.user: User = UserFactory(email=f"{word}@example.com", name=f"{word} Smith")
        self.workspace: Workspace = workspace_of(self.user, "pro")
        self.rows: dict[str, models.Model] = {}
        self.files: list[str] = []
        self.number = 0

    def plant_all(self) -> Garden:
        for holding in holdings().values():
            self.plant(holding.model)
        return self

    def plant(self, model: type[models.Model]) -> models.Model:
        """The person's row of this table, with the rows it needs."""
        label = model._meta.label_lower
        if model is User:
            self.rows[label] = self.user
        elif model is Workspace:
            self.rows[label] = self.workspace
        elif label in ("accounts.membership", "account.emailaddress"):
            self.rows[label] = model._base_manager.get(user=self.user)
        elif label in ("journal.entry", "journal.personalpart"):
            self._write_in_the_journal()
        elif label in (
            "billing.creditbucket",
            "billing.ledgertransaction",
            "billing.ledgerentry",
            "billing.ledgernote",
        ):
            self._write_in_the_ledger()
        elif label in SHARED:
            self.rows[label] = model._base_manager.first() or self._make(model)
        elif label not in self.rows:
            self.rows[label] = self._make(model)
        return self.rows[label]

    def _write_in_the_journal(self) -> None:
        """By its own service: the journal is verified afterwards."""
        if "journal.entry" not in self.rows:
            with transaction.atomic():
                entry = record(
                    actor=self.user,
                    workspace=self.workspace,
                    action="tests.garden.planted",
                    target=self.user,
                    personal={"note": f"{self.word} noted"},
                )
            self.rows["journal.entry"] = entry
            self.rows["journal.personalpart"] = entry.parts.first()

    def _write_in_the_ledger(self) -> None:
        """By its own service: the database takes nothing else."""
        if "billing.creditbucket" not in self.rows:
            adjust_credits(self.workspace, 5, reason=f"{self.word} complained", actor=self.user)
            bucket = CreditBucket.objects.latest("id")
            entry = bucket.entries.get()
            self.rows["billing.creditbucket"] = bucket
            self.rows["billing.ledgerentry"] = entry
            self.rows["billing.ledgertransaction"] = entry.transaction
            self.rows["billing.ledgernote"] = entry.transaction.note

    def _make(self, model: type[models.Model]) -> models.Model:
        holding = holdings().get(model._meta.label_lower)
        values = {}
        for column in model._meta.concrete_fields:
            if column.primary_key and column.get_internal_type().endswith("AutoField"):
                continue
            if getattr(column, "generated", False):
                continue
            values[column.attname] = self._value(model, column)
        for way in ("person", "workspace", "workspace_uuid", "address"):
            path = getattr(holding, way, "")
            if path and "__" not in path:
                values[path] = {
                    "person": self.user.pk,
                    "workspace": self.workspace.pk,
                    "workspace_uuid": self.workspace.uuid,
                    "address": self.user.email,
                }[way]
        if "object_pk" in values:  # django-guardian's way to name any row
            values["object_pk"] = str(self.user.pk)
        values |= FITTING.get(model._meta.label_lower, {})
        for path in getattr(holding, "files", ()):
            values[path] = f"planted/{self.word}-{model._meta.model_name}-{path}"
            default_storage.save(values[path], ContentFile(f"{self.word} in a file".encode()))
            self.files.append(values[path])
        row = model(**{name: value for name, value in values.items() if value is not models.NOT_PROVIDED})
        row.save(force_insert=True)
        if getattr(holding, "folder", ""):
            path = holding.folder.format(uuid=row.uuid) + "/rest/of-it.parquet"
            default_storage.save(path, ContentFile(b"a file no column names"))
            self.files.append(path)
        return row

    def _value(self, model: type[models.Model], column: models.Field) -> Any:
        self.number += 1
        if isinstance(column, models.ForeignKey):
            return self._related(model, column)
        if column.choices:
            return next(value for value, _ in column.flatchoices if value not in ("", None))
        if isinstance(column, models.UUIDField):
            return uuid.uuid4()
        if isinstance(column, EncryptedTextField):
            return f"{self.word} hidden"
        if isinstance(column, models.GenericIPAddressField):
            return "203.0.113.7"
        if isinstance(column, models.DateTimeField):
            return NOW
        if isinstance(column, models.DateField):
            return NOW.date()
        if isinstance(column, models.BinaryField):
            return f"{self.word} raw".encode()
        if isinstance(column, models.JSONField):
            return {"note": f"{self.word} noted"}
        if column.name in getattr(holdings().get(model._meta.label_lower), "without", ()):
            return f"{self.word} hidden {self.number}"
        if isinstance(column, models.EmailField):
            return f"{self.word}{self.number}@elsewhere.example"
        if isinstance(column, models.CharField | models.TextField):
            return f"{self.word} {self.number}"[: column.max_length or 200]
        if column.has_default() or column.db_default is not models.NOT_PROVIDED:
            return column.get_default() if column.has_default() else models.NOT_PROVIDED
        if isinstance(column, models.BooleanField):
            return False
        if isinstance(column, models.IntegerField | models.FloatField | models.DecimalField):
            return self.number
        return None if column.null else models.NOT_PROVIDED

    def _related(self, model: type[models.Model], column: models.ForeignKey) -> Any:
        related = column.related_model
        if related is model:
            return None
        if related is User:
            return self.user.pk
        if related is Workspace:
            return self.workspace.pk
        if related is ContentType:
            return ContentType.objects.get_for_model(User).pk
        if related is Permission:
            about = "formula" if model._meta.label_lower == "formulas.formulagrant" else "user"
            return Permission.objects.filter(content_type__model=about).first().pk
        if related is Group:
            return Group.objects.get_or_create(name="group")[0].pk
        if column.null and related._meta.label_lower == "formulas.formulaversion":
            return None
        if column.null and related._meta.app_label == "djstripe":
            return None
        return self.plant(related).pk
