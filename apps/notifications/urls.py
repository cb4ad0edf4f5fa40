"""Links of messages below /notifications/, the inbox, and the settings of both."""

from django.urls import path

from apps.notifications.views import browsers, contacts, inbox, ladders, links, telegram, webhooks, wishes

app_name = "notifications"
urlpatterns = [
    path("notifications/unsubscribe/<str:token>/", links.unsubscribe, name="unsubscribe"),
    path("notifications/worker.js", browsers.worker, name="worker"),
    path("notifications/browser/", browsers.browser, name="browser"),
    path("notifications/browser/off/", browsers.browser_off, name="browser_off"),
    path("notifications/telegram/", telegram.telegram_update, name="telegram_update"),
    path("notifications/seen/<str:token>/", links.acknowledge, name="acknowledge"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/menu/", inbox.menu, name="inbox-menu"),
    path("inbox/read-all/", inbox.read_all, name="inbox-read-all"),
    path("inbox/<uuid:uuid>/", inbox.notice, name="notice"),
    path("inbox/<uuid:uuid>/read/", inbox.read, name="notice-read"),
    path("inbox/<uuid:uuid>/acknowledge/", inbox.acknowledge, name="notice-acknowledge"),
    path("settings/contacts/", contacts.contacts, name="contacts"),
    path("settings/contacts/<uuid:uuid>/", contacts.contact, name="contact"),
    path("settings/contacts/<uuid:uuid>/code/", contacts.code, name="contact-code"),
    path("settings/contacts/<uuid:uuid>/test/", contacts.test, name="contact-test"),
    path("settings/contacts/<uuid:uuid>/switch/", contacts.switch, name="contact-switch"),
    path("settings/contacts/<uuid:uuid>/remove/", contacts.remove, name="contact-remove"),
    path("settings/notifications/", wishes.preferences, name="preferences"),
    path("settings/notifications/hours/", wishes.hours, name="hours"),
    path("settings/ladders/", ladders.ladders, name="ladders"),
    path("settings/ladders/new/", ladders.ladder_new, name="ladder-new"),
    path("settings/ladders/<uuid:uuid>/", ladders.ladder, name="ladder"),
    path("settings/ladders/<uuid:uuid>/remove/", ladders.ladder_remove, name="ladder-remove"),
    path("settings/workspace/webhooks/", webhooks.webhooks, name="webhooks"),
    path("settings/workspace/webhooks/new/", webhooks.webhook_new, name="webhook-new"),
    path("settings/workspace/webhooks/<uuid:uuid>/", webhooks.webhook, name="webhook"),
    path("settings/workspace/webhooks/<uuid:uuid>/rotate/", webhooks.rotate, name="webhook-rotate"),
    path("settings/workspace/webhooks/<uuid:uuid>/test/", webhooks.test, name="webhook-test"),
    path("settings/workspace/webhooks/<uuid:uuid>/switch/", webhooks.switch, name="webhook-switch"),
    path("settings/workspace/webhooks/<uuid:uuid>/remove/", webhooks.remove, name="webhook-remove"),
    path("settings/workspace/webhooks/<uuid:uuid>/replay/", webhooks.replay, name="webhook-replay"),
    path(
        "settings/workspace/webhooks/<uuid:uuid>/deliveries/<uuid:delivery>/",
        webhooks.delivery,
        name="webhook-delivery",
    ),
    path(
        "settings/workspace/webhooks/<uuid:uuid>/deliveries/<uuid:delivery>/replay/",
        webhooks.replay_one,
        name="webhook-delivery-replay",
    ),
]
