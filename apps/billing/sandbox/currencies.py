"""Currencies that Stripe takes, and the smallest amount that can be charged.

Source: https://docs.stripe.com/currencies.
"""

from typing import Any

from .errors import bad_parameter

CODES = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf "
    "clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr "
    "ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur "
    "mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr "
    "sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xof "
    "xpf yer zar zmw"
)
SUPPORTED = frozenset(CODES.split())
SMALLEST = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
LARGEST = 99_999_999


def currency(value: Any, name: str) -> str:
    """A three-letter code in lower case."""
    code = value.lower() if isinstance(value, str) else ""
    if code not in SUPPORTED:
        raise bad_parameter(
            f"Invalid currency: {value}. Stripe currently supports these currencies: {', '.join(sorted(SUPPORTED))}",
            name,
        )
    return code


def check_amount(amount: int, code: str) -> None:
    """Raises StripeError 400 for an amount (minor units) that cannot be charged in this currency."""
    if amount < 1:
        raise bad_parameter(
            "This value must be greater than or equal to 1.", "amount", code="parameter_invalid_integer"
        )
    if amount < SMALLEST.get(code, 1):
        raise bad_parameter(
            f"The amount must be greater than or equal to the minimum charge amount allowed for your account and the"
            f" currency set ({SMALLEST[code]} {code}).",
            "amount",
            code="amount_too_small",
        )
    if amount > LARGEST:
        raise bad_parameter(f"Amount must be no more than {LARGEST} {code}", "amount", code="amount_too_large")
