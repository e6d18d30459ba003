"""The shop's addresses."""

from django.urls import path

from .views import account, cards, catalogue, checkout, guides, join, membership, offers, price_change, pricing, site

urlpatterns = [
    path("", site.home, name="home"),
    path("pricing/", pricing.pricing, name="pricing"),
    path("shop/", catalogue.catalogue, name="catalogue"),
    path("shop/search/", catalogue.search, name="search"),
    path("shop/c/<slug:slug>/", catalogue.category, name="category"),
    path("shop/<slug:slug>/", catalogue.product, name="product"),
    path("guides/", guides.guides, name="guides"),
    path("guides/<slug:slug>/", guides.guide, name="guide"),
    path("join/pay/<uuid:token>/", checkout.pay, name="join_pay"),
    path("join/done/<uuid:token>/", checkout.outcome, name="join_outcome"),
    path("join/<slug:plan>/<slug:interval>/", join.review, name="join"),
    path("account/", account.hub, name="account"),
    path("account/invoices/", account.invoices, name="account_invoices"),
    path("account/invoices/<str:number>/", account.invoice, name="invoice"),
    path("account/membership/change/", membership.change, name="change_plan"),
    path("account/membership/change/<uuid:token>/", membership.confirm_change, name="confirm_change"),
    path("account/membership/keep/", membership.keep, name="keep_plan"),
    path("account/membership/cancel/", membership.cancel, name="cancel"),
    path("account/membership/undo/", membership.undo_cancel, name="cancel_undo"),
    path("account/price/<str:token>/", price_change.price_change, name="price_change"),
    path("account/points/", membership.redeem, name="redeem_points"),
    path("account/card/", cards.card, name="card"),
    path("account/card/return/", cards.came_back, name="card_return"),
    path("account/pay/<str:token>/", cards.pay, name="pay_invoice"),
    path("account/pay/<str:token>/confirm/", cards.confirm, name="confirm_payment"),
    path("offers/<uuid:token>/", offers.offer, name="offer_accept"),
    path("offers/<uuid:token>/no/", offers.decline, name="offer_decline"),
    path("legal/<slug:slug>/", site.legal, name="legal"),
    path("appearance/", site.set_theme, name="set_theme"),
    path("robots.txt", site.robots, name="robots"),
    path("favicon.ico", site.favicon, name="favicon"),
    path("health/", site.health, name="health"),
]
