"""Lists: cursors and filters agree with a plain sorted list, whatever was added, changed and hidden."""

from hypothesis import given
from hypothesis import strategies as st

from apps.billing.sandbox.call import Call
from apps.billing.sandbox.listing import page
from apps.billing.sandbox.state import Sandbox

CREATED = st.integers(min_value=1, max_value=6)
OWNERS = st.sampled_from(["cus_a", "cus_b", None])
ROWS = st.lists(st.tuples(CREATED, OWNERS, OWNERS, st.booleans()), max_size=25)
WINDOWS = st.dictionaries(st.sampled_from(["gt", "gte", "lt", "lte"]), CREATED)


def within(created: int, window: dict[str, int]) -> bool:
    return (
        created > window.get("gt", 0)
        and created >= window.get("gte", 0)
        and created < window.get("lt", 99)
        and created <= window.get("lte", 99)
    )


@given(rows=ROWS, window=WINDOWS, owner=OWNERS, limit=st.integers(min_value=1, max_value=7))
def test_paging_in_both_directions_meets_each_row_once(rows, window, owner, limit):
    sandbox = Sandbox()
    table = sandbox.store["payment_intent"]
    expected = []
    for number, (created, first, second, hidden) in enumerate(rows):
        row = {"id": f"pi_{number}", "created": created, "customer": first}
        table.put(row)
        table.put({**row, "customer": second})
        if hidden:
            table.hide({"id": row["id"], "deleted": True})
        elif within(created, window) and owner in (None, second):
            expected.append((created, number, row["id"]))
    expected = [found for _created, _number, found in sorted(expected, reverse=True)]
    timeline = table.where("customer", owner) if owner else None

    def read(**cursor: str) -> tuple[list[str], bool]:
        call = Call(sandbox, params={"limit": limit, "created": window, **cursor})
        answer = page(call, "payment_intent", timeline=timeline)
        return [row["id"] for row in answer["data"]], answer["has_more"]

    forwards, more = read()
    while more:
        found, more = read(starting_after=forwards[-1])
        forwards += found
    assert forwards == expected

    backwards = expected[-1:]
    more = bool(backwards)
    while more:
        found, more = read(ending_before=backwards[0])
        backwards = found + backwards
    assert backwards == expected


@given(changes=st.lists(st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy")), min_size=1, max_size=6))
def test_the_metadata_index_follows_every_change(changes):
    table = Sandbox().store["payment_intent"]
    for metadata in changes:
        table.put({"id": "pi_1", "created": 1, "customer": None, "metadata": metadata})
    for key in "ab":
        for value in "xy":
            expected = ["pi_1"] if changes[-1].get(key) == value else []
            assert table.ids_with_metadata(key, value) == expected
