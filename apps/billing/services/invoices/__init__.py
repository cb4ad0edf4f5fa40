"""Invoices of our own, where the gateway gives none: numbered without gaps, never changed, as PDF and by mail."""

from apps.billing.services.invoices.issuing import issue_credit_note, issue_invoice
from apps.billing.services.invoices.mailing import mail_invoice
from apps.billing.services.invoices.printing import invoice_pdf

__all__ = ["invoice_pdf", "issue_credit_note", "issue_invoice", "mail_invoice"]
