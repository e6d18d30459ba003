from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrdersConfig(AppConfig):
    name = "apps.orders"
    label = "orders"
    verbose_name = _("Orders")

    def ready(self) -> None:
        from apps.catalog import reviews

        from . import buyers
        from . import receivers as receivers  # connects them

        reviews.register_proof(buyers.has_bought)
