"""The application's configuration: nothing of Django's admin asks for content types."""

from typing import Any, cast
from zlib import crc32

from django.apps import AppConfig, apps


class DynadminConfig(AppConfig):
    """`publishing.dynadmin` in INSTALLED_APPS."""

    name = "publishing.dynadmin"
    label = "dynadmin"

    def ready(self) -> None:
        """Know every model's content type beforehand, with ids made of the labels: the admin's forms ask for one."""
        from django.contrib.contenttypes.models import ContentType  # models exist only now

        manager = cast("Any", ContentType.objects)
        for model in apps.get_models():
            number = crc32(model._meta.label_lower.encode()) & 0x7FFFFFFF
            known = ContentType(id=number, app_label=model._meta.app_label, model=model._meta.model_name)
            manager._add_to_cache("default", known)  # Django has no public way
