"""How the back office looks: the settings of Unfold."""

from django.utils.translation import gettext_lazy as _

GREEN = {
    "50": "#f0f7ee",
    "100": "#dff0dc",
    "200": "#bfe0bb",
    "300": "#93c795",
    "400": "#5fa86d",
    "500": "#3c8a52",
    "600": "#1e6a43",
    "700": "#195638",
    "800": "#15442e",
    "900": "#11382b",
    "950": "#0c2a20",
}
UNFOLD = {
    "COLORS": {"primary": GREEN},
    "SITE_TITLE": "Orangery",
    "SITE_HEADER": "Orangery",
    "SITE_SUBHEADER": _("The shop's back office"),
    "SITE_URL": "/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SIDEBAR": {"show_search": True, "navigation": "config.admin_navigation.navigation"},
    "DASHBOARD_CALLBACK": "apps.insights.dashboard.context",
}
