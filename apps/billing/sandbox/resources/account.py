"""The one account of the sandbox."""

from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.errors import StripeError
from apps.billing.sandbox.listing import wrap
from apps.billing.sandbox.params import LISTING
from apps.billing.sandbox.routing import route

ACCOUNT_ID = "acct_1Sandbox00000000"


@route("GET", "/v1/account")
def retrieve_own(call: Call) -> Row:
    """The account of the key."""
    return show(call.sandbox.started)


@route("GET", "/v1/accounts", LISTING)
def connected(call: Call) -> Row:
    """Connected accounts: none."""
    return wrap([], url=call.path)


@route("GET", "/v1/accounts/:id")
def retrieve(call: Call) -> Row:
    """The same account by its identifier; no other account can be seen."""
    if call.ids[0] != ACCOUNT_ID:
        raise StripeError(
            f"The provided key does not have access to account '{call.ids[0]}' (or that account does not exist)."
            " Application access may have been revoked.",
            status=403,
            code="account_invalid",
        )
    return show(call.sandbox.started)


def show(created: int) -> Row:
    """The account object."""
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "business_profile": {
            "mcc": None,
            "name": "Sandbox",
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "IT",
        "created": created,
        "default_currency": "eur",
        "details_submitted": True,
        "email": "sandbox@example.com",
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{ACCOUNT_ID}/external_accounts",
        },
        "metadata": {},
        "payouts_enabled": True,
        "requirements": {
            "alternatives": [],
            "current_deadline": None,
            "currently_due": [],
            "disabled_reason": None,
            "errors": [],
            "eventually_due": [],
            "past_due": [],
            "pending_verification": [],
        },
        "settings": {
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_payments": {
                "decline_on": {"avs_failure": False, "cvc_failure": False},
                "statement_descriptor_prefix": None,
            },
            "dashboard": {"display_name": "Sandbox", "timezone": "Etc/UTC"},
            "payments": {"statement_descriptor": "SANDBOX"},
            "payouts": {"debit_negative_balances": True, "schedule": {"delay_days": 7, "interval": "daily"}},
        },
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "standard",
    }
