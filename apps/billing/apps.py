from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BillingConfig(AppConfig):
    name = "apps.billing"
    label = "billing"
    verbose_name = _("billing")

    def ready(self) -> None:
        from . import webhooks  # noqa: F401  connects its receivers
