"""The fields of the translations, for the models that have them.

django-modeltrans would also make every manager of these models into one of its own while the shop starts, and the class
of each query anew. Our querysets are of its kind already (`core.translations.TranslatedQuerySet`), so the managers stay
what the code says they are.
"""

from django.apps import AppConfig, apps
from modeltrans.conf import check_fallback_chain, get_available_languages
from modeltrans.translator import add_virtual_fields, get_i18n_field, validate


class TranslationsConfig(AppConfig):
    name = "modeltrans"

    def ready(self) -> None:
        check_fallback_chain()
        for model in apps.get_models():
            written = get_i18n_field(model)
            if written is not None:
                validate(model)
                add_virtual_fields(model, written.fields, written.required_languages)
                for field in written.get_translated_fields():
                    # The others are what a form has already, under another name.
                    field.editable = field.language in get_available_languages(include_default=False)
