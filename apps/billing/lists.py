"""The lists of payments, invoices and credits; their files are made by services, with columns for the books."""

from __future__ import annotations

from apps.billing.choices import LedgerKind
from apps.billing.money_forms import INVOICE_STATUSES, PAYMENT_STATUSES
from apps.core.lists import Listing, Sort, day, pick, words
from apps.core.words import gettext_lazy

_DAYS = (day("since", gettext_lazy("Since")), day("until", gettext_lazy("Until")))
_NEWEST = {"new": Sort(gettext_lazy("Newest"), "pk", down=True, unique=True)}

PAYMENTS = Listing(
    "payments",
    filters=(
        words(gettext_lazy("Card, invoice, reference")),
        pick("status", gettext_lazy("Any state"), PAYMENT_STATUSES),
        *_DAYS,
    ),
    sorts={**_NEWEST, "amount": Sort(gettext_lazy("Amount"), "amount", down=True)},
    size=25,
)
STATEMENT = Listing(
    "credits",
    filters=(
        words(gettext_lazy("What for")),
        pick("kind", gettext_lazy("Everything"), LedgerKind.choices),
        *_DAYS,
    ),
    sorts=_NEWEST,
    counts=False,
)
INVOICES = Listing(
    "invoices",
    filters=(
        words(gettext_lazy("Number, line")),
        pick("status", gettext_lazy("Any state"), INVOICE_STATUSES),
        *_DAYS,
    ),
    sorts={
        **_NEWEST,
        "issued": Sort(gettext_lazy("Issued"), "issued_at", down=True, nullable=True),
        "total": Sort(gettext_lazy("Total"), "total", down=True),
    },
    size=25,
)
