from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "apps.core"
    label = "core"

    def ready(self) -> None:
        from . import lookups, privacy, sweeps

        lookups.register()
        sweeps.autodiscover()
        privacy.autodiscover()
