"""Companies among the demo's customers: at home, abroad, and one whose number the registry does not know."""

from __future__ import annotations

from dataclasses import dataclass

from apps.billing.vat_registry.scripted import NOT_REGISTERED


@dataclass(frozen=True)
class Company:
    """What a company wants on its invoices."""

    company: str
    line1: str
    postcode: str
    city: str
    tax_number: str


# By country, in the order in which its paying customers join.
COMPANIES: dict[str, list[Company]] = {
    "IT": [Company("Limonaia Ricci Srl", "Via Capri 4", "80067", "Sorrento", "IT01234568887")],
    "FR": [Company("Jardins du Port SARL", "12 quai Bonaparte", "06500", "Menton", "FR83123456709")],
    "RO": [Company("Livada Verde SRL", "Strada Florilor 9", "500001", "Brașov", "RO1234565")],
    "DE": [
        Company("Wintergarten Vogt GmbH", "Gartenstr. 21", "20095", "Hamburg", "DE811000004"),
        Company("Zitrusladen Meyer", "Am Markt 3", "50667", "Köln", NOT_REGISTERED),
    ],
}
