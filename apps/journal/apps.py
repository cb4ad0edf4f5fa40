from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy


class JournalConfig(AppConfig):
    name = "apps.journal"
    verbose_name = gettext_lazy("Journal")

    def ready(self) -> None:
        post_migrate.connect(begin_consumers, sender=self)


def begin_consumers(**kwargs: Any) -> None:
    """A consumer that is deployed for the first time acts on what is recorded from then on."""
    from django.db import connection

    from apps.journal.models import Cursor
    from apps.journal.services import begin_consumers

    if Cursor._meta.db_table in connection.introspection.table_names():  # migrated as far as that
        begin_consumers()
