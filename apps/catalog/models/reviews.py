"""What buyers say about a product, and what the shop answers."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .product import Product


class ReviewStatus(models.TextChoices):
    PENDING = "pending", gettext_lazy("waits for a look")
    PUBLISHED = "published", gettext_lazy("published")
    REJECTED = "rejected", gettext_lazy("rejected")


class ReviewQuerySet(models.QuerySet["Review"]):
    def published(self) -> ReviewQuerySet:
        return self.filter(status=ReviewStatus.PUBLISHED)

    def newest_first(self) -> ReviewQuerySet:
        return self.order_by("-created_at", "-pk")

    def for_page(self) -> ReviewQuerySet:
        """With author and answer, the newest first: one query."""
        return self.select_related("customer", "answer").newest_first()


class Review(models.Model):
    """One customer's word on one product. Shown once staff have published it."""

    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="reviews", verbose_name=gettext_lazy("product")
    )
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="reviews",
        verbose_name=gettext_lazy("customer"),
    )
    rating = models.PositiveSmallIntegerField(
        gettext_lazy("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    title = models.CharField(gettext_lazy("title"), max_length=120)
    text = models.TextField(gettext_lazy("text"), max_length=4000)
    status = models.CharField(
        gettext_lazy("status"), max_length=10, choices=ReviewStatus.choices, default=ReviewStatus.PENDING
    )
    is_verified = models.BooleanField(gettext_lazy("has bought it"))
    created_at = models.DateTimeField(gettext_lazy("written"))
    moderated_at = models.DateTimeField(gettext_lazy("looked at"), null=True, blank=True)
    moderated_by = models.CharField(gettext_lazy("looked at by"), max_length=254, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = gettext_lazy("review")
        verbose_name_plural = gettext_lazy("reviews")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["product", "-created_at"],
                condition=Q(status=ReviewStatus.PUBLISHED),
                name="catalog_published_reviews",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["product", "customer"], name="catalog_one_review_for_each_buyer"),
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="catalog_one_to_five_stars"),
            models.CheckConstraint(
                condition=Q(status=ReviewStatus.PENDING) | Q(moderated_at__isnull=False),
                name="catalog_review_shown_after_a_look",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.title}"

    @property
    def author(self) -> str:
        """The first name, as everybody may read it. Never part of an address."""
        names = self.customer.name.split()
        return names[0] if names else _("A customer")


class ReviewAnswer(models.Model):
    """What the shop answers, for everybody to read."""

    review = models.OneToOneField(
        Review, on_delete=models.CASCADE, related_name="answer", verbose_name=gettext_lazy("review")
    )
    text = models.TextField(gettext_lazy("answer"), max_length=4000)
    author = models.CharField(gettext_lazy("by"), max_length=254, editable=False)
    created_at = models.DateTimeField(gettext_lazy("written"), editable=False)

    class Meta:
        verbose_name = gettext_lazy("answer")
        verbose_name_plural = gettext_lazy("answers")

    def __str__(self) -> str:
        return self.text[:60]
