from django.urls import path

from apps.notifications.api.contacts import ContactViewSet, LadderViewSet, NotificationPreferencesViewSet
from apps.notifications.api.notices import DeliveryViewSet, NoticeViewSet
from apps.notifications.api.webhooks import EndpointViewSet

router_entries = [
    ("notices", NoticeViewSet, "notice"),
    ("deliveries", DeliveryViewSet, "delivery"),
    ("contacts", ContactViewSet, "contact"),
    ("ladders", LadderViewSet, "ladder"),
    ("webhook-endpoints", EndpointViewSet, "webhook-endpoint"),
]
urlpatterns = [
    path(
        "",
        NotificationPreferencesViewSet.as_view(
            {"get": "retrieve", "patch": "partial_update"}, basename="notification-preferences"
        ),
        name="notification-preferences",
    ),
]
