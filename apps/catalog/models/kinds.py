"""What a product is, and whether it is shown."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    PHYSICAL = "physical", _("goods")
    GUIDE = "guide", _("guide")
    SERVICE = "service", _("service")
    BOX = "box", _("seasonal box")
    ADD_ON = "add_on", _("add-on")
    BUNDLE = "bundle", _("bundle")


class ProductStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("no longer shown")
