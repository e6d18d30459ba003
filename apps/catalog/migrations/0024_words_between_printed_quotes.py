"""Words are found between the quotation marks of print, and after its apostrophe."""

from functools import reduce
from operator import add

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import migrations, models
from django.db.models import Func, TextField, Value
from django.db.models.fields.json import KeyTextTransform

# `finding` and `words` as they were when this was written.
_CONFIGS = {"en": "english", "it": "italian", "fr": "french", "ro": "romanian"}
_PRINTED = "‘’‚“”„«»‹›–—…·"


def _text(name, code):
    text = name if code == "en" else KeyTextTransform(f"{name}_{code}", "i18n")
    return Func(text, Value(_PRINTED), Value(" " * len(_PRINTED)), function="translate", output_field=TextField())


def _vector():
    parts = []
    for code, config in _CONFIGS.items():
        name, summary, keywords, description = (
            _text(field, code) for field in ("name", "summary", "keywords", "description")
        )
        parts += [
            SearchVector(name, weight="A", config=config),
            SearchVector(summary, keywords, weight="B", config=config),
            SearchVector(description, weight="C", config=config),
        ]
    return reduce(add, parts)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0023_shelf_found_in_the_index")]

    operations = [
        migrations.RemoveIndex("product", "catalog_product_search"),
        migrations.RemoveField("product", "search"),
        migrations.AddField(
            "product",
            "search",
            models.GeneratedField(
                db_persist=True, expression=_vector(), output_field=SearchVectorField(), verbose_name="search"
            ),
        ),
        migrations.AddIndex("product", GinIndex(fields=["search"], name="catalog_product_search")),
    ]
