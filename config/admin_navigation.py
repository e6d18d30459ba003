"""The back office's sidebar: what staff look for, by what they are doing."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


def navigation(request: HttpRequest) -> list[dict]:
    """Groups of links for Unfold. A link is shown to whom may see its model."""
    return [
        _group(
            _("Today"),
            {"title": _("Overview"), "icon": "space_dashboard", "link": reverse_lazy("admin:index")},
            *_queues(),
        ),
        _group(
            _("Customers"),
            _link(_("Customers"), "person", "accounts.user"),
            _link(_("Consents"), "verified_user", "accounts.consent"),
            _link(_("Points"), "nutrition", "loyalty.pointsaccount"),
            _link(_("Data exports"), "folder_zip", "accounts.dataexport"),
            _link(_("Erasures"), "person_off", "accounts.erasure"),
        ),
        _group(
            _("Orders"),
            _link(_("Orders"), "shopping_basket", "orders.order"),
            _page(_("Packing list"), "checklist", "admin:orders_order_packing_list", "orders.view_order"),
            _page(_("Send packed orders"), "local_shipping", "admin:orders_order_send", "orders.change_order"),
            _link(_("Boxes"), "deployed_code", "orders.box"),
            _link(_("Deliveries of boxes"), "package_2", "orders.boxdelivery"),
            _link(_("Recipients of boxes"), "home_pin", "orders.boxrecipient"),
            _link(_("Stops of boxes"), "block", "orders.boxstop"),
            _link(_("Shipping rates"), "scale", "orders.shippingrate"),
        ),
        _group(
            _("Memberships"),
            _link(_("Subscriptions"), "autorenew", "memberships.subscription"),
            _link(_("Plans"), "park", "memberships.plan"),
            _link(_("Prices"), "sell", "memberships.price"),
            _link(_("Price changes"), "price_change", "memberships.pricechange"),
            _link(_("Price promises"), "handshake", "memberships.pricepromise"),
            _link(_("Sign-ups"), "login", "memberships.signup"),
            _link(_("Declarations"), "contract_delete", "memberships.declaration"),
            _link(_("Plan changes"), "swap_vert", "memberships.planchange"),
            _link(_("Free trials"), "hourglass_top", "memberships.trialuse"),
            _link(_("Pauses"), "pause", "memberships.pause"),
            _link(_("Gifts"), "featured_seasonal_and_gifts", "memberships.gift"),
        ),
        _group(
            _("Billing"),
            _link(_("Invoices"), "receipt_long", "billing.invoice"),
            _link(_("Credit notes"), "receipt", "billing.creditnote"),
            _link(_("Payments"), "credit_card", "billing.payment"),
            _link(_("Refunds"), "undo", "billing.refund"),
            _link(_("Disputes"), "gavel", "billing.dispute"),
            _link(_("Recoveries"), "healing", "billing.recovery"),
            _link(_("Parked"), "pause_circle", "billing.parked"),
            _link(_("Breaks"), "difference", "billing.break"),
            _link(_("Reconciliations"), "compare_arrows", "billing.reconciliation"),
            _page(_("Books"), "menu_book", "admin:billing_books", "billing.view_ledgerentry"),
            _page(_("Trial balance"), "balance", "admin:billing_trial_balance", "billing.view_ledgerentry"),
            _link(_("Ledger"), "account_balance", "billing.ledgerentry"),
            _link(_("Deferred revenue"), "hourglass_top", "billing.revenueschedule"),
            _link(_("Billing details"), "badge", "billing.billingdetails"),
            _link(_("Customer credit"), "savings", "billing.creditaccount"),
            _link(_("Dunning policies"), "rule", "billing.dunningpolicy"),
            _link(_("Tax rates"), "percent", "billing.taxrate"),
            _link(_("Exchange rates"), "currency_exchange", "billing.exchangerate"),
            _link(_("Seller"), "storefront", "billing.seller"),
        ),
        _group(_("Mail"), _link(_("Messages"), "mail", "mail.message")),
        _group(
            _("Marketing"),
            _link(_("Offers"), "redeem", "offers.offer"),
            _link(_("Offer policies"), "tune", "offers.offerpolicy"),
            _link(_("Win-back incentives"), "favorite", "offers.winbackincentive"),
            _link(_("Campaigns"), "campaign", "campaigns.campaign"),
            _link(_("Enrollments"), "route", "campaigns.enrollment"),
            _link(_("Renewal notices"), "event_upcoming", "campaigns.notice"),
            _link(_("Requests for reviews"), "rate_review", "campaigns.reviewrequest"),
            _link(_("Promotions"), "loyalty", "promotions.promotion"),
            _link(_("Earning rules"), "star", "loyalty.earningrule"),
        ),
        _group(
            _("Catalogue"),
            _link(_("Products"), "potted_plant", "catalog.product"),
            _link(_("Variants and prices"), "style", "catalog.variant"),
            _link(_("Bundles"), "package_2", "catalog.bundleslot"),
            _link(_("Stock moves"), "inventory_2", "catalog.stockmove"),
            _link(_("Categories"), "category", "catalog.category"),
            _link(_("Reviews"), "reviews", "catalog.review"),
            _link(_("Guide views"), "visibility", "catalog.guideview"),
        ),
        _group(
            _("Rehearsal"),
            {
                "title": _("Renewal rehearsal"),
                "icon": "theater_comedy",
                "link": reverse_lazy("admin:insights_rehearsal_page"),
                "permission": lambda request: request.user.has_perm("insights.view_rehearsal"),
            },
            _link(_("Rules for anomalies"), "rule_settings", "insights.anomalyrule"),
        ),
        _group(_("Workers"), _link(_("Worker runs"), "engineering", "core.sweeprun"), *_time_machine()),
    ]


def _queues() -> list[dict]:
    """The work queues. They are named here because the sidebar is built before the apps' own pages are known."""
    names = [
        ("unknown-payments", _("Unknown payments"), "help", "billing.view_payment"),
        ("parked-memberships", _("Parked memberships"), "pause_circle", "memberships.view_subscription"),
        ("orders-to-pack", _("Orders to pack"), "inventory_2", "orders.view_order"),
        ("declarations", _("Declarations to answer"), "contract_delete", "memberships.view_declaration"),
        ("breaks", _("Breaks"), "difference", "billing.view_break"),
        ("dunning", _("Dunning"), "healing", "billing.view_recovery"),
    ]
    return [
        {
            "title": title,
            "icon": icon,
            "link": reverse_lazy("admin:insights_queue", args=[slug]),
            "permission": lambda request, needed=permission: request.user.has_perm(needed),
        }
        for slug, title, icon, permission in names
    ]


def _time_machine() -> list[dict]:
    """The way to the time machine, where there is one."""
    if not settings.TIME_MACHINE:
        return []
    return [_page(_("Time machine"), "fast_forward", "admin:insights_time_machine", "core.add_clockjourney")]


def _group(title: str | Promise, *items: dict) -> dict:
    return {"title": title, "separator": True, "items": list(items)}


def _link(title: str | Promise, icon: str, model: str) -> dict:
    """A link to the list of a model ("app.model"), with one of Unfold's Material symbols."""
    app, name = model.split(".")
    return _page(title, icon, f"admin:{app}_{name}_changelist", f"{app}.view_{name}")


def _page(title: str | Promise, icon: str, url: str, permission: str) -> dict:
    """A link to a page by the name of its address, for those who have the permission."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(url),
        "permission": lambda request: request.user.has_perm(permission),
    }
