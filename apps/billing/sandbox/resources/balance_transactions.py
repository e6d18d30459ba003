"""Balance transactions: what each charge, refund and dispute does to the account's balance."""

from apps.billing.sandbox import ids, listing
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.params import LISTING, text
from apps.billing.sandbox.routing import route

FEE_PER_MILLE, FEE_FIXED, DISPUTE_FEE = 15, 25, 2000


@route("GET", "/v1/balance_transactions", {**LISTING, "type": text, "currency": text, "source": text, "payout": text})
def list_all(call: Call) -> Row:
    """Balance transactions, newest first."""
    wanted = {name: call.params[name] for name in ("type", "currency", "payout") if name in call.params}
    table = call.sandbox.store["balance_transaction"]
    return listing.page(
        call,
        "balance_transaction",
        timeline=table.where("source", call.params["source"]) if "source" in call.params else None,
        keep=lambda row: all(row.get(name) == value for name, value in wanted.items()),
    )


@route("GET", "/v1/balance_transactions/:id")
def retrieve(call: Call) -> Row:
    """One balance transaction."""
    return call.named("balance_transaction")


def fee_of(amount: int) -> int:
    """The fee for a charge in minor units: 1.5 % half up, plus 25 (Stripe's standard European card price)."""
    return min(amount, (amount * FEE_PER_MILLE + 500) // 1000 + FEE_FIXED)


def book(call: Call, *, type: str, amount: int, currency: str, source: str, fee: int = 0) -> Row:
    """Stores one transaction. ``amount`` is signed, in minor units; the net is the amount less the fee."""
    return call.put(
        "balance_transaction",
        {
            "id": ids.new("balance_transaction"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": call.created + 7 * 86400,
            "balance_type": "payments",
            "created": call.created,
            "currency": currency,
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [
                {
                    "amount": fee,
                    "application": None,
                    "currency": currency,
                    "description": "Stripe processing fees",
                    "type": "stripe_fee",
                }
            ]
            if fee
            else [],
            "net": amount - fee,
            "reporting_category": "dispute" if type == "adjustment" else type,
            "source": source,
            "status": "pending",
            "type": type,
        },
    )
