"""Events, as the API shows them."""

from apps.billing.sandbox import events, listing
from apps.billing.sandbox.call import Call, Row
from apps.billing.sandbox.params import LISTING, array, boolean, text
from apps.billing.sandbox.routing import route


@route("GET", "/v1/events", {**LISTING, "type": text, "types": array(text), "delivery_success": boolean})
def list_all(call: Call) -> Row:
    """Events, newest first. ``delivery_success=false`` keeps those with a webhook still owed."""
    given = call.params
    timeline = call.sandbox.store["event"].where("type", given["type"]) if "type" in given else None

    def keep(row: Row) -> bool:
        if "types" in given and row["type"] not in given["types"]:
            return False
        return "delivery_success" not in given or given["delivery_success"] == (row["pending_webhooks"] == 0)

    return listing.page(call, "event", timeline=timeline, keep=keep, render=events.render)


@route("GET", "/v1/events/:id")
def retrieve(call: Call) -> Row:
    """One event."""
    return events.render(call.named("event"))
