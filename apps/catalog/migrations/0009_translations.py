"""What the merchant writes, in every language of the shop: the texts, the words by which they are found, and the
names."""

from functools import reduce
from operator import add

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import migrations, models
from django.db.models import F, Func, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Concat, Upper
from modeltrans.fields import TranslationField

from apps.core.tables import Together

# The languages, and what is compared of a letter, as they were when this was written.
_CONFIGS = {"": "english", "_it": "italian", "_fr": "french", "_ro": "romanian"}
_MARKED = "àâäáăãçèéêëìîïíòôöóùûüúșşțţÀÂÄÁĂÃÇÈÉÊËÌÎÏÍÒÔÖÓÙÛÜÚȘŞȚŢ"
_PLAIN = "AAAAAACEEEEIIIIOOOOUUUUSSTTAAAAAACEEEEIIIIOOOOUUUUSSTT"
_TEXTS = {
    "bundleslot": ("name",),
    "category": ("name", "summary"),
    "guide": ("body",),
    "product": ("name", "summary", "description", "facts_text", "keywords"),
    "productpicture": ("alt",),
    "variant": ("name",),
}


def _field(name, language):
    return KeyTextTransform(name + language, "i18n") if language else name


def _vector():
    parts = []
    for language, config in _CONFIGS.items():
        parts += [
            SearchVector(_field("name", language), weight="A", config=config),
            SearchVector(_field("summary", language), _field("keywords", language), weight="B", config=config),
            SearchVector(_field("description", language), weight="C", config=config),
        ]
    return reduce(add, parts)


def _names():
    text = models.TextField()
    together = F("name")
    for language in ("_it", "_fr", "_ro"):
        another = Coalesce(_field("name", language), Value(""), output_field=text)
        together = Concat(together, Value(" "), another, output_field=text)
    return Func(Upper(together), Value(_MARKED), Value(_PLAIN), function="translate", output_field=text)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0008_editions")]

    operations = [
        Together([
            migrations.RemoveIndex("product", "catalog_product_alike"),
            migrations.RemoveIndex("product", "catalog_product_search"),
            migrations.RemoveField("product", "search"),
            *(migrations.AddField(model, "i18n", TranslationField(fields=texts)) for model, texts in _TEXTS.items()),
        ]),
        Together([
            migrations.AddField(
                "product",
                "search",
                models.GeneratedField(
                    db_persist=True, expression=_vector(), output_field=SearchVectorField(), verbose_name="search"
                ),
            ),
            migrations.AddField(
                "product",
                "names",
                models.GeneratedField(
                    db_persist=True, expression=_names(), output_field=models.TextField(), verbose_name="names"
                ),
            ),
            migrations.AddIndex("product", GinIndex(fields=["search"], name="catalog_product_search")),
            migrations.AddIndex(
                "product", GinIndex(OpClass("names", name="gin_trgm_ops"), name="catalog_product_alike")
            ),
        ]),
    ]
