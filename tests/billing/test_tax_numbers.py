"""What a VAT number looks like."""

import pytest

from apps.billing import tax_numbers
from apps.billing.tax_numbers import NotATaxNumber


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [
        ("DE136695976", "DE", "DE136695976"),
        ("136695976", "DE", "DE136695976"),
        ("de 136.695-976", "DE", "DE136695976"),
        (" IT 00743110157 ", "IT", "IT00743110157"),
        ("EL094259216", "GR", "EL094259216"),
        ("GR094259216", "GR", "EL094259216"),
        ("094259216", "GR", "EL094259216"),
        ("ATU13585627", "AT", "ATU13585627"),
        ("U13585627", "AT", "ATU13585627"),
        ("NL004495445B01", "NL", "NL004495445B01"),
        ("ESB58378431", "ES", "ESB58378431"),
        ("18547290", "RO", "RO18547290"),
        # Outside the Union a number is only printed.
        ("12-3456789", "US", "12-3456789"),
        ("che-116.281.710 mwst", "CH", "CHE-116.281.710 MWST"),
    ],
)
def test_a_number_is_stored_as_it_is_printed(typed, country, stored):
    assert tax_numbers.normalise(typed, country=country) == stored
    assert tax_numbers.normalise(stored, country=country) == stored


@pytest.mark.parametrize(
    ("typed", "country"),
    [
        ("DE136695977", "DE"),  # the last digit checks the others
        ("DE13669597", "DE"),
        ("DE136695976", "IT"),
        ("IT00743110157", "DE"),
        ("hello", "DE"),
        ("DE", "DE"),
        ("", "IT"),
        ("XI123456789", "IE"),
        ("x", "US"),
        ("12;3456", "US"),
        ("1" * 21, "US"),
    ],
)
def test_what_is_no_number_of_the_country_is_refused(typed, country):
    with pytest.raises(NotATaxNumber):
        tax_numbers.normalise(typed, country=country)


def test_the_union_has_27_members():
    assert len(tax_numbers.MEMBER_STATES) == 27
    assert {"IT", "GR", "IE"} <= tax_numbers.MEMBER_STATES
    assert not {"GB", "XI", "CH", "US", "EL"} & tax_numbers.MEMBER_STATES
    assert tax_numbers.split_prefix("EL094259216") == ("EL", "094259216")
