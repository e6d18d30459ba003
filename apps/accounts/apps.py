from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"
    verbose_name = _("Customers")

    def ready(self) -> None:
        from . import receivers  # noqa: F401  connects them
