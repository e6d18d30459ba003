"""Pictures that staff upload. Drawings that come with the shop are static files, named in `Product.picture`."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _
from modeltrans.fields import TranslationField

from apps.catalog import rules


def path_of(picture: ProductPicture, _filename: str) -> str:
    """A name of our own: what somebody called the file is nobody else's business, and may be anything."""
    return f"{rules.PICTURES}/{uuid4().hex}.webp"


class ProductPicture(models.Model):
    """One picture of a product, or of one of its variants. Smaller sizes lie beside the file: `rules.sized`."""

    product = models.ForeignKey(
        "catalog.Product", on_delete=models.CASCADE, related_name="pictures", verbose_name=_("product")
    )
    variant = models.ForeignKey(
        "catalog.Variant",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="pictures",
        verbose_name=_("variant"),
        help_text=_("Empty: it shows all of them."),
    )
    file = models.ImageField(_("file"), upload_to=path_of, width_field="width", height_field="height", max_length=80)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    alt = models.CharField(
        _("what it shows"), max_length=160, help_text=_("For those who cannot see it, and for search engines.")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    i18n = TranslationField(fields=("alt",))

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["position", "pk"]

    alt_i18n: str

    def __str__(self) -> str:
        return self.alt_i18n

    @property
    def name(self) -> str:
        """The name of the file in its storage."""
        return str(self.file.name)

    @property
    def src(self) -> str:
        """Address of a size that suits a card."""
        return self._address(min(self.sizes, key=lambda width: abs(width - rules.CARD_WIDTH)))

    @property
    def srcset(self) -> str:
        """All sizes with their widths, for the browser to choose from."""
        return ", ".join(f"{self._address(width)} {width}w" for width in self.sizes)

    @property
    def sizes(self) -> list[int]:
        """The widths in pixels in which it is kept, the smallest first."""
        return [*(width for width in rules.WIDTHS if width < self.width), self.width]

    def _address(self, width: int) -> str:
        return self.file.storage.url(self.name if width == self.width else rules.sized(self.name, width))
