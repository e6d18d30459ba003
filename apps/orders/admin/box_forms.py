"""What staff fill in about boxes: what a plan sends, and what happens when something ran out."""

from __future__ import annotations

from datetime import UTC, datetime, time

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminSelectWidget

from apps.catalog.models import Kind, Variant
from apps.core import translations
from apps.memberships.models import Plan
from apps.orders.models import Box, BoxStopKind


class BoxForm(forms.ModelForm):
    """A plan that sends goods, and the bundle it sends."""

    class Meta:
        model = Box
        fields = ["plan", "product", "cutoff_days"]

    def clean_plan(self) -> Plan:
        plan = self.cleaned_data["plan"]
        if not plan.sends_goods:
            raise forms.ValidationError(_("This plan sends no parcel. Say so on its own page first."))
        return plan


class StopForm(forms.Form):
    """One decision for everybody who has this box."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What happens"), choices=BoxStopKind.choices, widget=UnfoldAdminSelectWidget
    )
    variant = forms.ModelChoiceField(
        Variant.objects.none(), label=gettext_lazy("What ran out"), required=False, widget=UnfoldAdminSelectWidget
    )
    substitute = forms.ModelChoiceField(
        Variant.objects.none(), label=gettext_lazy("What goes in"), required=False, widget=UnfoldAdminSelectWidget
    )
    until = forms.DateField(
        label=gettext_lazy("None until"),
        required=False,
        widget=UnfoldAdminDateWidget,
        help_text=gettext_lazy("The next boxes are charged and sent on this day, at the earliest."),
    )

    def __init__(self, *args, box: Box, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        named = Variant.objects.select_related("product").annotate(called=translations.text("product__name"))
        named = named.order_by("called", "position", "pk")
        variant, substitute = self.fields["variant"], self.fields["substitute"]
        assert isinstance(variant, forms.ModelChoiceField)
        assert isinstance(substitute, forms.ModelChoiceField)
        variant.queryset = named.filter(in_bundles__slot__product=box.product_id).distinct()
        substitute.queryset = named.filter(is_active=True, product__kind=Kind.PHYSICAL)

    def clean(self) -> dict:
        facts = super().clean() or self.cleaned_data
        if facts.get("kind") == BoxStopKind.SUBSTITUTE:
            for name in ("variant", "substitute"):
                if not facts.get(name) and name not in self.errors:
                    self.add_error(name, _("Please choose."))
        elif facts.get("kind") == BoxStopKind.PAUSE and not facts.get("until") and "until" not in self.errors:
            self.add_error("until", _("Say until when."))
        return facts

    @property
    def decision(self) -> dict:
        """What `stopping.decide` is told. A day begins at midnight, UTC."""
        facts = self.cleaned_data
        if facts["kind"] == BoxStopKind.SUBSTITUTE:
            return {"kind": facts["kind"], "variant": facts["variant"], "substitute": facts["substitute"]}
        return {"kind": facts["kind"], "until": datetime.combine(facts["until"], time.min, tzinfo=UTC)}
