from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MembershipsConfig(AppConfig):
    name = "apps.memberships"
    label = "memberships"
    verbose_name = _("Memberships")

    def ready(self) -> None:
        from . import receivers  # noqa: F401  (connects the receivers)
