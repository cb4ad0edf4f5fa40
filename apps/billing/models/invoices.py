"""Whom we bill, and the invoices: those of the gateway, and our own where it gives none.

Invoices stay when a workspace is deleted, with what they say of the buyer: books are kept by law.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.accounts.models import Workspace
from apps.billing.choices import InvoiceKind, InvoiceStatus
from apps.core.models import BaseModel


class BillingProfile(BaseModel):
    """Whom a workspace's invoices are made out to."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="billing_profile")
    name = models.CharField(max_length=120, blank=True, help_text="Company or person.")
    email = models.EmailField(blank=True, help_text="Where invoices go; empty: to the owner.")
    line1 = models.CharField(max_length=120, blank=True)
    line2 = models.CharField(max_length=120, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166-1, for example DE.")
    tax_id = models.CharField(max_length=40, blank=True, help_text="For example a VAT number.")

    def __str__(self) -> str:
        return self.name or f"billing of {self.workspace_id}"


class TaxRate(BaseModel):
    """What we add for buyers of a country on invoices of our own. Prices are without it."""

    country = models.CharField(max_length=2)
    name = models.CharField(max_length=40, help_text="As it stands on the invoice: PPN, VAT.")
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["country"]
        constraints = [
            models.UniqueConstraint(
                fields=["country"], condition=Q(is_active=True), name="billing_taxrate_one"
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lt=100), name="billing_taxrate_percent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.percent} % ({self.country})"


class InvoiceSeries(models.Model):
    """A series of numbers without gaps: `last` is raised in the transaction that makes the invoice."""

    code = models.CharField(
        max_length=20, unique=True, help_text="Country, kind and year, for example ID-2026."
    )
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "invoice series"

    def __str__(self) -> str:
        return f"{self.code}: {self.last}"


class Invoice(BaseModel):
    """An invoice or a credit note. Of a gateway: a copy of its own; otherwise numbered by us and never changed.

    `seller` and `buyer` are what stood in the settings and the profile on the day of issue.
    """

    workspace_id = models.BigIntegerField()
    kind = models.CharField(max_length=11, choices=InvoiceKind, default=InvoiceKind.INVOICE)
    gateway = models.CharField(max_length=20, blank=True)
    external_id = models.CharField(max_length=120, blank=True)
    series = models.ForeignKey(InvoiceSeries, null=True, on_delete=models.PROTECT, related_name="invoices")
    series_number = models.PositiveIntegerField(null=True)
    number = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=13, choices=InvoiceStatus)
    corrects = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="corrections")
    currency = models.CharField(max_length=3)
    subtotal = models.BigIntegerField(help_text="Minor units, without tax.")
    discount = models.BigIntegerField(default=0, help_text="Minor units taken off the subtotal.")
    tax = models.BigIntegerField(default=0, help_text="Minor units.")
    tax_name = models.CharField(max_length=40, blank=True)
    tax_percent = models.DecimalField(max_digits=6, decimal_places=3, null=True)
    total = models.BigIntegerField(help_text="Minor units.")
    seller = models.JSONField(default=dict)
    buyer = models.JSONField(default=dict)
    hosted_url = models.TextField(blank=True, help_text="The gateway's page of it.")
    pdf_url = models.TextField(blank=True, help_text="The gateway's PDF.")
    issued_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-issued_at", "-id"]
        indexes = [models.Index(fields=["workspace_id", "-issued_at"], name="billing_invoice_workspace")]
        constraints = [
            models.UniqueConstraint(
                fields=["gateway", "external_id"],
                condition=~Q(external_id=""),
                name="billing_invoice_external",
            ),
            models.UniqueConstraint(fields=["series", "series_number"], name="billing_invoice_number"),
            models.CheckConstraint(
                condition=Q(total=F("subtotal") - F("discount") + F("tax")), name="billing_invoice_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(series=None, series_number=None) | Q(series__isnull=False, series_number__gt=0),
                name="billing_invoice_numbered",
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.external_id


class InvoiceLine(models.Model):
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    place = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=300)
    quantity = models.PositiveIntegerField(default=1)
    amount = models.BigIntegerField(help_text="Minor units for the whole line; negative: given back.")
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["invoice", "place"], name="billing_invoiceline_place")]

    def __str__(self) -> str:
        return self.text
