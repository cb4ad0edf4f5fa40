from django.apps import AppConfig
from django.db.models.signals import class_prepared
from django.utils.translation import gettext_lazy

from apps.core.model_names import in_readers_words

class_prepared.connect(in_readers_words)  # here, since no model is made before all rooms are known


class CoreConfig(AppConfig):
    name = "apps.core"
    verbose_name = gettext_lazy("Core")

    def ready(self) -> None:
        from django_structlog.celery.signals import bind_extra_task_metadata

        from apps.core.request_context import bind_job

        bind_extra_task_metadata.connect(bind_job)
