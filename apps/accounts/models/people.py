"""People: who they are, how to write to them, and what they agreed to."""

import hashlib

from allauth.account.models import EmailAddress
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from apps.accounts.fields import LowerCaseEmailField, languages, validate_time_zone
from apps.core import clock


class UserQuerySet(models.QuerySet["User"]):
    def verified(self) -> "UserQuerySet":
        """Those who proved that their present address is theirs."""
        proof = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
        return self.filter(Exists(proof))

    def marketable(self) -> "UserQuerySet":
        """Those to whom marketing mail may go: active, address verified, consent in force."""
        return self.verified().filter(is_active=True, accepts_marketing=True)

    def customers(self) -> "UserQuerySet":
        return self.filter(is_staff=False)

    def guests_of(self, user: "User | int") -> "UserQuerySet":
        """The guests who ordered with an address that this person has proved to be theirs."""
        proved = EmailAddress.objects.filter(user=user, verified=True).annotate(lower=Lower("email")).values("lower")
        return self.filter(is_guest=True, contact_email__in=proved)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields) -> "User":
        """A person with this address, stored in lower case; without a password they cannot log in.

        Raises ValueError for an empty address and IntegrityError for one that is taken.
        """
        if not email:
            raise ValueError("A user needs an e-mail address")
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields) -> "User":
        """Staff with every right. Whoever types this on the server vouches for the address."""
        user = self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})
        EmailAddress.objects.using(self._db).create(user=user, email=user.email, verified=True, primary=True)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """A customer or a member of staff, known by e-mail address."""

    email = LowerCaseEmailField(
        _("e-mail address"), unique=True, error_messages={"unique": _("There is already an account with this address.")}
    )
    name = models.CharField(_("name"), max_length=150, blank=True)
    locale = models.CharField(_("language"), max_length=10, default="en", choices=languages)
    country = models.CharField(
        _("country"),
        max_length=2,
        default="IT",
        validators=[RegexValidator(r"^[A-Z]{2}$", _("Give the two capital letters of ISO 3166, such as IT."))],
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="Europe/Rome", validators=[validate_time_zone])
    currency = models.CharField(
        _("currency"), max_length=3, default="EUR", choices=[("EUR", _("Euro")), ("USD", _("US dollar"))]
    )
    accepts_marketing = models.BooleanField(
        _("accepts marketing"),
        default=False,
        help_text=_("Kept with the consents; it changes only when the customer says so."),
    )
    is_guest = models.BooleanField(
        _("guest"), default=False, db_default=False, editable=False, help_text=_("Ordered without an account.")
    )
    # A guest's `email` is a placeholder: whoever types an address at checkout does not prove that it is theirs, so it
    # neither takes nor touches the account of that address.
    contact_email = LowerCaseEmailField(
        _("address of the guest"), blank=True, default="", db_default="", editable=False
    )
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May enter the back office."))
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Untick instead of deleting."))
    joined_at = models.DateTimeField(_("joined"), editable=False)

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-joined_at", "-pk"]
        constraints = [
            # With `unique=True` above: one account for an address, whatever the case it is typed in.
            models.CheckConstraint(condition=Q(email=Lower("email")), name="accounts_user_email_lower_case"),
            models.CheckConstraint(
                condition=Q(is_guest=False, contact_email="")
                | (Q(is_guest=True, is_active=False, is_staff=False) & ~Q(contact_email="")),
                name="accounts_guest_cannot_log_in",
            ),
        ]
        indexes = [
            models.Index(fields=["-joined_at"], name="accounts_user_by_joined"),
            models.Index(fields=["contact_email"], condition=Q(is_guest=True), name="accounts_guests_by_address"),
        ]

    def __str__(self) -> str:
        return self.name or self.mail_address

    def save(self, *args, **kwargs) -> None:
        """Note when they joined: here, since allauth, the admin and `createsuperuser` all make users."""
        # Not a column default: Django makes a User to check the model, when there may be no clock to read yet.
        if self.joined_at is None:
            self.joined_at = clock.now()
        super().save(*args, **kwargs)

    @property
    def mail_address(self) -> str:
        """Where letters to this person go, and what is printed on their invoices."""
        return self.contact_email or self.email

    @property
    def short_name(self) -> str:
        """The first word of the name, or the address before the @."""
        return self.name.split()[0] if self.name.strip() else self.mail_address.partition("@")[0]

    @property
    def greeting(self) -> str:
        """How a letter to this person begins, in the active language."""
        if not self.name.strip():
            return _text("Hello,")
        return _text("Hello %(name)s,") % {"name": self.short_name}

    def get_full_name(self) -> str:
        """The name, as Django's admin asks for it."""
        return self.name

    def get_short_name(self) -> str:
        """The short name, as Django's admin asks for it."""
        return self.short_name


class ConsentQuerySet(models.QuerySet["Consent"]):
    def latest_of(self, user: User, kind: str) -> "Consent | None":
        """The last word of this person on the matter, or None."""
        return self.filter(user=user, kind=kind).order_by("-at", "-pk").first()


class Consent(models.Model):
    """Evidence of what a person agreed to or refused: which words, when, where. The table only grows."""

    class Kind(models.TextChoices):
        SUBSCRIPTION_TERMS = "subscription_terms", _("Subscription terms")
        MARKETING = "marketing", _("Marketing mail")
        CARD_MANDATE = "card_mandate", _("Charging the card")
        PRIVACY = "privacy", _("Privacy policy")
        PRICE_CHANGE = "price_change", _("New price")

    # Protected: a person with evidence is pseudonymised, never deleted.
    user = models.ForeignKey(
        User, verbose_name=_("customer"), null=True, blank=True, on_delete=models.PROTECT, related_name="consents"
    )
    email = LowerCaseEmailField(_("e-mail address"))
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    version = models.CharField(_("version"), max_length=40)
    text = models.TextField(_("text"), help_text=_("The words that were shown, in the language they were shown in."))
    text_hash = models.CharField(_("SHA-256 of the text"), max_length=64)
    granted = models.BooleanField(_("granted"))
    at = models.DateTimeField(_("at"))
    source = models.CharField(_("source"), max_length=60, help_text=_("Where it was said: signup, account, mail…"))
    key = models.CharField(_("key"), max_length=200, unique=True, null=True, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["subscription_terms", "marketing", "card_mandate", "privacy", "price_change"]),
                name="accounts_consent_kind",
            ),
            models.CheckConstraint(condition=Q(text_hash__regex=r"^[0-9a-f]{64}$"), name="accounts_consent_hash"),
        ]
        indexes = [models.Index(fields=["user", "kind", "-at"], name="accounts_consent_latest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"

    @staticmethod
    def hash_of(text: str) -> str:
        """SHA-256 of the text in UTF-8, as 64 hexadecimal digits."""
        return hashlib.sha256(text.encode()).hexdigest()


class AddressQuerySet(models.QuerySet["Address"]):
    def of(self, user: User) -> "AddressQuerySet":
        """The addresses of a person, the one they use first."""
        return self.filter(customer=user).order_by("-is_default", "-pk")


class Address(models.Model):
    """Where parcels go. What each country asks for is checked by `addresses.normalise` before it is stored."""

    customer = models.ForeignKey(User, verbose_name=_("customer"), on_delete=models.CASCADE, related_name="addresses")
    name = models.CharField(_("name"), max_length=150)
    company = models.CharField(_("company"), max_length=200, blank=True)
    line1 = models.CharField(_("street and number"), max_length=120)
    line2 = models.CharField(_("building, floor"), max_length=120, blank=True)
    postal_code = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("province or state"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    is_default = models.BooleanField(_("used first"), default=False)

    objects = AddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["customer", "-is_default", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(is_default=True), name="accounts_one_default_address"
            ),
            models.CheckConstraint(condition=Q(country__regex=r"^[A-Z]{2}$"), name="accounts_address_country"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.line1}, {self.city}"

    def as_json(self) -> dict[str, str]:
        """All of it, as an order keeps it."""
        names = ("name", "company", "line1", "line2", "postal_code", "city", "region", "country", "phone")
        return {name: getattr(self, name) for name in names}
