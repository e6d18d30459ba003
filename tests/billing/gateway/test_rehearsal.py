"""Rehearsed cards: scripts, chance by seed, and the export that a sandbox goes on from."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from apps.billing import gateway
from apps.billing.gateway import Declined, GatewayRefused, NeedsAction, NotFound, Refunded, Succeeded
from apps.billing.gateway.behaviours import Rule, authenticate, decline, lose_before
from apps.billing.gateway.rehearsal import Rehearsal
from apps.core.money import Money

from .worlds import FAILS_LATER, find, request_for

START = datetime(2026, 1, 1, tzinfo=UTC)


def history(script: tuple[Rule, ...], *, charges: int, seed: int = 1) -> str:
    """What a card answers charge by charge: . taken, x declined, ! needs the customer, ? unknown."""
    adapter = Rehearsal(seed=seed)
    card = adapter.add_card(adapter.create_customer(key="c", email="ada@example.com", name="Ada"), script=script)
    signs = {Succeeded: ".", Declined: "x", NeedsAction: "!"}
    return "".join(signs.get(type(adapter.charge(request_for(card))), "?") for _ in range(charges))


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ((), "......"),
        ((decline(),), "xxxxxx"),
        ((decline(times=2),), "xx...."),
        ((decline(first=3),), "..xxxx"),
        ((decline(first=3, times=2),), "..xx.."),
        ((authenticate(first=2, times=1),), ".!...."),
        ((lose_before(first=4),), "...?.."),
        ((decline(times=1), authenticate(first=3, times=1)), "x.!..."),
    ],
)
def test_a_script_is_followed(script, expected):
    assert history(script, charges=6) == expected


def test_a_card_declines_from_an_instant():
    today = START
    adapter = Rehearsal(clock=lambda: today)
    card = adapter.add_card(
        adapter.create_customer(key="c", email="ada@example.com", name="Ada"),
        script=(decline("lost_card", hard=True, since=START + timedelta(days=30)),),
    )
    assert isinstance(adapter.charge(request_for(card)), Succeeded)
    today = START + timedelta(days=30)
    result = adapter.charge(request_for(card))
    assert (result.code, result.hard) == ("lost_card", True)


def test_chance_is_the_same_for_the_same_seed_and_about_right():
    script = (decline("insufficient_funds", chance=1000, times=2),)
    first, again, other = (history(script, charges=2000, seed=seed) for seed in (5, 5, 6))
    assert first == again
    assert first != other
    # Each episode of two declines follows about ten charges.
    assert 130 <= first.count("xx.") <= 210
    assert "xxx" not in first
    assert ".x." not in first


def test_threads_in_any_order_see_the_same_history():
    def declined(workers: int) -> set[str]:
        adapter = Rehearsal(seed=9)
        cards = [
            adapter.add_card(
                adapter.create_customer(key=f"c{number}", email="ada@example.com", name="Ada"),
                script=(decline(chance=3000),),
            )
            for number in range(200)
        ]
        with ThreadPoolExecutor(workers) as pool:
            results = list(pool.map(adapter.charge, [request_for(card) for card in cards]))
        return {card.method_id for card, result in zip(cards, results, strict=True) if isinstance(result, Declined)}

    alone = declined(1)
    assert 30 <= len(alone) <= 90
    assert declined(16) == alone


def test_one_key_charges_once_from_many_threads():
    adapter = Rehearsal()
    request = request_for(adapter.add_card(adapter.create_customer(key="c", email="ada@example.com", name="Ada")))
    with ThreadPoolExecutor(16) as pool:
        results = set(pool.map(adapter.charge, [request] * 200))
    assert len(results) == 1
    assert len(adapter.export()["payment_intents"]) == 1


def test_the_merchants_own_cards_count_as_good_in_a_rehearsal_of_the_book():
    adapter = Rehearsal(known_only=False)
    request = request_for(gateway.CardDetails("pm_real", "visa", "4242", 1, 2030, customer_id="cus_real"))
    result = adapter.charge(request)
    assert isinstance(result, Succeeded)
    assert isinstance(adapter.refund(intent_id="pi_real", money=Money(5, "EUR"), key="r"), Refunded)
    strict = Rehearsal()
    assert strict.charge(request).code == "resource_missing"
    assert find(strict, request) == NotFound()


def test_a_card_that_cannot_be_saved_is_refused():
    adapter = Rehearsal()
    customer = adapter.create_customer(key="c", email="ada@example.com", name="Ada")
    with pytest.raises(GatewayRefused):
        adapter.add_card(customer, number="4000000000000002")
    assert adapter.export()["customers"][0]["payment_methods"] == []


def test_only_a_waiting_charge_can_be_confirmed():
    adapter = Rehearsal()
    card = adapter.add_card(adapter.create_customer(key="c", email="ada@example.com", name="Ada"))
    paid = adapter.charge(request_for(card))
    with pytest.raises(GatewayRefused):
        adapter.confirm(paid.intent_id)


def test_the_sandbox_goes_on_from_an_exported_history(stripe_world, sandbox):
    adapter = Rehearsal(seed=int(uuid4().int % 10**9), clock=lambda: START)
    customer = adapter.create_customer(key="c", email="ada@example.com", name="Ada")
    good, failing = adapter.add_card(customer), adapter.add_card(customer, number=FAILS_LATER, script=())
    paid = request_for(good, metadata={"invoice": "O-1"})
    charged, declined = adapter.charge(paid), adapter.charge(request_for(failing, minor=700))
    assert isinstance(declined, Succeeded)
    part = adapter.refund(intent_id=charged.intent_id, money=Money(200, "EUR"), key=f"part:{charged.intent_id}")

    created = sandbox.control("POST", "/import", adapter.export())

    assert created == {
        "customers": 1, "payment_methods": 2, "payment_intents": 2, "refunds": 1, "webhook_endpoints": 0,
    }  # fmt: skip
    assert sandbox.control("POST", "/import", adapter.export())["refunds"] == 0, "Repeating it changes nothing"
    assert stripe_world.gateway.read_refund(part.refund_id) == adapter.read_refund(part.refund_id)
    assert stripe_world.gateway.read_charge(charged.intent_id) == adapter.read_charge(charged.intent_id)
    assert stripe_world.gateway.read_card(good.method_id).last4 == "4242"
    found = stripe_world.gateway.find_charge(
        payment_key=paid.payment_key, customer_id=customer, intent_id="", since=START
    )
    assert found == charged
    assert isinstance(
        stripe_world.gateway.refund(intent_id=charged.intent_id, money=Money(1000, "EUR"), key=charged.intent_id),
        Refunded,
    )
    assert isinstance(stripe_world.gateway.charge(request_for(good)), Succeeded)
    assert isinstance(stripe_world.gateway.charge(request_for(failing)), Declined)


def test_an_adapter_is_in_force_in_its_own_context_only():
    adapter = Rehearsal()
    before = gateway.get()
    with gateway.using(adapter) as there:
        assert gateway.get() is adapter is there
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(gateway.get).result() is before
    assert gateway.get() is before


def test_cards_it_has_never_seen_behave_by_the_script_they_are_given():
    """A rehearsal of the merchant's own book: the cards are known to the real gateway alone."""
    real = Rehearsal(seed=9)
    customer = real.create_customer(key="c", email="ada@example.com", name="Ada")
    good, bad = real.add_card(customer), real.add_card(customer)
    scripts = {bad.method_id: (decline("expired_card", first=2),)}
    adapter = Rehearsal(known_only=False, unseen=lambda method_id: scripts.get(method_id, ()))
    assert [type(adapter.charge(request_for(good))) for _ in range(2)] == [Succeeded, Succeeded]
    assert isinstance(adapter.charge(request_for(bad)), Succeeded)
    refused = adapter.charge(request_for(bad))
    assert isinstance(refused, Declined)
    assert (refused.code, refused.hard) == ("expired_card", False)
