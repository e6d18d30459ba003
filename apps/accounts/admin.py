"""People in the back office, and the door to it."""

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.core.admin import ReadOnly

from . import privacy_admin, services  # noqa: F401  (the admin of what people ask about their data)
from .models import Consent, User

# Staff come in by the shop's own login: with its rate limits and, where they set it up, a second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents it
admin.site.unregister(Group)
# allauth's own pages would let staff verify addresses by hand and read the secrets of second factors. What staff need
# of both is on the customer's page.
for model in [EmailAddress, Authenticator, UserSession]:
    admin.site.unregister(model)


class ConsentInline(ReadOnly, TabularInline):
    model = Consent
    extra = 0
    tab = True
    fields = ["kind", "granted", "version", "source", "at"]
    ordering = ["-at"]
    show_change_link = True


class AddressInline(ReadOnly, TabularInline):
    model = EmailAddress
    extra = 0
    tab = True
    fields = ["email", "verified", "primary"]


class SecondFactorInline(ReadOnly, TabularInline):
    """A superuser can take a lost second factor away; its secret is shown to nobody."""

    model = Authenticator
    extra = 0
    tab = True
    verbose_name = _("second factor")
    verbose_name_plural = _("second factors")
    fields = ["type", "created_at", "last_used_at"]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return request.user.is_superuser


@admin.register(Consent)
class ConsentAdmin(ReadOnly, ModelAdmin):
    list_display = ["email", "kind", "granted", "version", "source", "at"]
    list_filter = ["kind", "granted", "version", "source"]
    search_fields = ["email", "user__name", "key"]
    date_hierarchy = "at"
    show_full_result_count = False


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    """Customers and staff."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["email", "name", "country", "locale", "accepts_marketing", "is_staff", "is_active", "joined_at"]
    list_filter = [
        "is_staff",
        "is_active",
        "is_guest",
        "accepts_marketing",
        "country",
        "locale",
        "currency",
    ]
    search_fields = ["email", "name", "contact_email"]
    ordering = ["-joined_at"]
    date_hierarchy = "joined_at"
    show_full_result_count = False
    readonly_fields = ["accepts_marketing", "joined_at", "last_login"]
    inlines = [ConsentInline, AddressInline, SecondFactorInline]
    # Rights are given by groups: single permissions, person by person, lose track of themselves.
    filter_horizontal = []
    autocomplete_fields = ["groups"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        (_("Where and how"), {"fields": ["locale", "country", "time_zone", "currency", "accepts_marketing"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("Dates"), {"fields": ["joined_at", "last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """The address changes by the customer's own hand, who proves the new one; only superusers hand out rights."""
        fixed = list(self.readonly_fields)
        if obj is not None:
            fixed.append("email")
        if not request.user.is_superuser:
            fixed += ["is_staff", "is_superuser", "groups"]
        return fixed

    def get_inlines(self, request: HttpRequest, obj: User | None):
        return self.inlines if obj else []

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Staff who help customers do not get at the accounts of staff, superusers' passwords among them."""
        if obj is not None and (obj.is_staff or obj.is_superuser) and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People are made inactive: what they bought and agreed to stays theirs."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            services.vouch_for_address(obj)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Sets of rights for staff."""
