"""Addresses that gateways are given; they are entered there by people, so they never change."""

from django.urls import path

from apps.billing.views.webhooks import webhook

urlpatterns = [path("<slug:gateway>/", webhook, name="billing-webhook")]
