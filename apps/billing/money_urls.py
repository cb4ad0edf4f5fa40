"""Pages on which a workspace pays."""

from django.urls import path

from apps.billing.views import buying, papers, paying

app_name = "money"
urlpatterns = [
    path("", paying.overview, name="overview"),
    path("plan/", paying.plan, name="plan"),
    path("plan/confirm/", paying.plan_confirm, name="plan-confirm"),
    path("cancel/", paying.cancel, name="cancel"),
    path("resume/", paying.resume, name="resume"),
    path("portal/", paying.portal, name="portal"),
    path("checkouts/<uuid:uuid>/", buying.checkout, name="checkout"),
    path("credits/", buying.credits_buy, name="credits"),
    path("payments/", papers.payments, name="payments"),
    path("payments.csv", papers.payments_file, name="payments-file"),
    path("invoices/", papers.invoices, name="invoices"),
    path("invoices.csv", papers.invoices_file, name="invoices-file"),
    path("invoices/<uuid:uuid>/pdf/", papers.invoice_pdf, name="invoice-pdf"),
    path("profile/", papers.profile, name="profile"),
]
