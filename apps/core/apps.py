from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    verbose_name = "Core"

    def ready(self) -> None:
        from django_structlog.celery.signals import bind_extra_task_metadata

        from apps.core.request_context import bind_job

        bind_extra_task_metadata.connect(bind_job)
