"""Who gets which letter, when, and who does not."""

from datetime import timedelta

import pytest

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.campaigns.models import Campaign, Enrollment
from apps.core import sweeps
from apps.mail.models import Message
from apps.memberships import lifecycle
from apps.memberships import services as memberships
from apps.memberships.models import Subscription
from apps.offers.models import Offer
from tests.factories import accounts as people
from tests.factories import memberships as members
from tests.factories import offers as make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def advance(at) -> int:
    return sweeps.run("campaigns.advance", now=at)


def letters(user: User) -> list[str]:
    """The marketing mails put for a customer, the first one first."""
    return list(
        Message.objects.filter(user_id=user.pk, stream="marketing").order_by("pk").values_list("kind", flat=True)
    )


def leave(subscription: Subscription, *, reason: str, now) -> Subscription:
    """Cancel at once and live until the paid month is over."""
    memberships.request_cancel(subscription.pk, customer=subscription.customer, now=now, reason=reason)
    sweeps.run("memberships.end", now=subscription.current_end)
    return Subscription.objects.get(pk=subscription.pk)


@pytest.fixture
def gone(gateway, now):
    """Somebody in the treatment arm who wants mail, and left Grove because of the price."""
    user = make.customer_in("treatment", "winback", marketing=True)
    return leave(members.member(gateway, "grove", now=now, user=user), reason="too_expensive", now=now)


def test_a_new_member_gets_two_letters_in_two_weeks(gateway, now):
    user = people.marketable()
    members.member(gateway, "grove", now=now, user=user)
    make.guide(2)
    make.guide(4)
    assert advance(now + 3 * DAY - timedelta(seconds=1)) == 0
    assert advance(now + 3 * DAY) == 1
    assert letters(user) == ["welcome-first-steps"]
    assert advance(now + 14 * DAY) == 1
    assert letters(user) == ["welcome-first-steps", "welcome-points"]
    first, second = Message.objects.filter(stream="marketing").order_by("pk")
    assert "All care guides: watering, feeding, pruning, pests" in first.text
    assert "Guide" in first.text
    assert second.subject == "You have 75 points, worth €0.75"  # EUR 12 x 5 x 1.25
    journey = Enrollment.objects.get(customer=user)
    assert (journey.status, journey.outcome, journey.ended_at) == ("done", "finished", now + 14 * DAY)


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("too_expensive", "winback-price"),
        ("not_using", "winback-value"),
        ("missing_features", "winback-features"),
        ("technical", "winback-apology"),
        ("moving", "winback-other"),
        ("other", "winback-other"),
        ("", "winback-other"),
    ],
)
def test_who_leaves_is_written_to_by_reason_after_two_weeks_and_for_the_last_time_after_sixty_days(
    gateway, now, reason, kind
):
    user = make.customer_in("treatment", "winback", marketing=True)
    ended = leave(members.member(gateway, "conservatory", now=now, user=user), reason=reason, now=now).ended_at
    advance(ended + 14 * DAY - timedelta(seconds=1))
    assert letters(user) == []
    advance(ended + 14 * DAY)
    assert letters(user) == [kind]
    sweeps.run("offers.expire", now=ended + 59 * DAY)
    advance(ended + 60 * DAY)
    assert letters(user) == [kind, "winback-goodbye"]
    assert advance(ended + 400 * DAY) == 0
    assert Offer.objects.filter(customer=user).count() == 2


def test_the_letter_says_what_is_offered_until_when_and_how_to_stop(gone):
    at = gone.ended_at + 14 * DAY
    advance(at)
    mail = Message.objects.get(kind="winback-price")
    offer = Offer.objects.get()
    assert mail.to_email == gone.customer.email
    assert "€8.40 instead of €12.00 a month for the first 3 months, then €12.00 a month." in mail.text
    assert "Until: 24 May 2026" in mail.text  # 30 days, in the customer's time zone
    assert "It renews by itself until you cancel" in mail.text
    assert f"/offers/{offer.token}/" in mail.text
    assert f"/offers/{offer.token}/" in mail.html
    assert "/mail/unsubscribe/" in mail.text
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (offer.shown_at, offer.expires_at) == (at, at + 30 * DAY)


def test_who_lost_the_membership_to_a_card_gets_a_way_back_and_no_discount(gateway, now):
    user = make.customer_in("treatment", "winback", marketing=True)
    subscription = members.member(gateway, "grove", now=now, user=user)
    lifecycle.end(subscription.pk, reason="payment", now=now + 40 * DAY)
    advance(now + 54 * DAY)
    assert letters(user) == ["winback-payment"]
    offer = Offer.objects.get()
    assert (offer.promotion, offer.points, offer.price.plan.slug) == (None, 0, "grove")


def test_without_consent_nothing_is_sent(gateway, now):
    user = people.customer()
    members.member(gateway, "grove", now=now, user=user)
    advance(now + 3 * DAY)
    assert letters(user) == []
    assert Enrollment.objects.get().outcome == "no_consent"


def test_consent_withdrawn_on_the_way_stops_the_journey(gone):
    accounts.set_marketing(gone.customer, granted=False, source="account", now=gone.ended_at + 13 * DAY)
    assert advance(gone.ended_at + 14 * DAY) == 1
    assert letters(gone.customer) == []
    assert not Offer.objects.exists()
    assert Enrollment.objects.get(campaign__slug="winback").outcome == "no_consent"


def test_consent_withdrawn_after_the_letter_was_put_stops_it_before_it_leaves(gone):
    at = gone.ended_at + 14 * DAY
    advance(at)
    accounts.set_marketing(gone.customer, granted=False, source="account", now=at)
    sweeps.run("mail.deliver", now=at)
    assert Message.objects.get(kind="winback-price").status == "cancelled"


def test_the_control_arm_gets_no_letter(gateway, now):
    user = make.customer_in("control", "winback", marketing=True)
    ended = leave(members.member(gateway, "grove", now=now, user=user), reason="other", now=now).ended_at
    advance(ended + 14 * DAY)
    advance(ended + 60 * DAY)
    assert letters(user) == []
    assert Offer.objects.get(customer=user).shown_at is None
    assert Enrollment.objects.get(campaign__slug="winback").outcome == "control"


def test_one_letter_in_three_days_whatever_the_number_of_campaigns(gateway, now):
    user = make.customer_in("treatment", "upgrade", marketing=True)
    members.member(gateway, "grove", now=now, user=user)
    at = now + 3 * DAY
    make.opened(user, 3, 3, at=at)
    sweeps.run("offers.suggest", now=at)
    assert advance(at) == 2
    assert letters(user) == ["welcome-first-steps"]
    waiting = Enrollment.objects.get(campaign__slug="upgrade")
    assert (waiting.status, waiting.next_at) == ("active", at + 3 * DAY)
    assert advance(at + 3 * DAY - timedelta(seconds=1)) == 0
    assert advance(at + 3 * DAY) == 1
    assert letters(user) == ["welcome-first-steps", "offer-upgrade"]


def test_an_upgrade_letter_gives_the_reason_and_is_not_sent_for_the_control_arm(gateway, now):
    for arm in ("treatment", "control"):
        user = make.customer_in(arm, "upgrade", marketing=True)
        members.member(gateway, "grove", now=now, user=user)
        make.opened(user, 3, 3, at=now + 5 * DAY)
    assert sweeps.run("offers.suggest", now=now + 5 * DAY) == 2
    advance(now + 9 * DAY)
    advance(now + 13 * DAY)
    mail = Message.objects.get(kind="offer-upgrade")
    assert "You opened 2 guides in the last 30 days that Conservatory unlocks." in mail.text
    assert Offer.objects.get(arm="treatment").shown_at is not None


def test_coming_back_stops_the_win_back(gateway, gone):
    at = gone.ended_at + 20 * DAY
    advance(gone.ended_at + 14 * DAY)
    members.member(gateway, "grove", now=at, user=gone.customer)
    journey = Enrollment.objects.get(campaign__slug="winback")
    assert (journey.status, journey.outcome, journey.ended_at) == ("stopped", "returned", at)
    assert Offer.objects.get().status == "accepted"
    advance(gone.ended_at + 60 * DAY)
    assert "winback-goodbye" not in letters(gone.customer)


def test_who_was_welcomed_is_not_welcomed_again(gateway, now):
    user = people.marketable()
    subscription = members.member(gateway, "grove", now=now, user=user)
    advance(now + 3 * DAY)
    advance(now + 14 * DAY)
    leave(subscription, reason="other", now=now + 15 * DAY)
    members.member(gateway, "grove", now=now + 50 * DAY, user=user)
    assert Enrollment.objects.filter(campaign__slug="welcome").count() == 1


def test_going_from_free_to_paid_is_no_leaving(gateway, now):
    user = people.marketable()
    members.free_member(now=now, user=user)
    members.member(gateway, "grove", now=now + DAY, user=user)
    outcomes = Enrollment.objects.order_by("pk").values_list("campaign__slug", "status", "outcome")
    assert list(outcomes) == [("welcome", "stopped", "left"), ("welcome", "active", "")]


def test_ends_that_are_the_shops_own_doing_start_nothing(gateway, now):
    subscription = members.member(gateway, "grove", now=now, user=people.marketable())
    lifecycle.end(subscription.pk, reason="staff", now=now + DAY)
    assert not Enrollment.objects.filter(campaign__slug="winback").exists()


def test_a_paused_campaign_waits_and_takes_nobody(gateway, gone, now):
    Campaign.objects.filter(slug="winback").update(is_active=False)
    assert advance(gone.ended_at + 20 * DAY) == 0
    assert sweeps.get("campaigns.advance").next_due(now=now) is None
    Campaign.objects.filter(slug="winback").update(is_active=True)
    assert advance(gone.ended_at + 21 * DAY) == 1
    assert letters(gone.customer) == ["winback-price"]


def test_a_letter_that_cannot_be_written_stops_only_its_own_journey(gateway, now):
    broken, fine = people.marketable(), people.marketable()
    for user in (broken, fine):
        members.member(gateway, "grove", now=now, user=user)
    User.objects.filter(pk=broken.pk).update(time_zone="Nowhere/Land")
    assert advance(now + 3 * DAY) == 2
    assert letters(fine) == ["welcome-first-steps"]
    stopped = Enrollment.objects.waiting_for_a_person().get()
    assert (stopped.customer, stopped.status) == (broken, "stopped")
    assert "Nowhere/Land" in stopped.error


def test_a_late_worker_sends_late_and_not_twice(gone):
    at = gone.ended_at + 100 * DAY
    assert advance(at) == 2  # the letter, then the next one, which the cap puts off
    assert letters(gone.customer) == ["winback-price"]
    assert advance(at + 3 * DAY) == 1
    assert letters(gone.customer) == ["winback-price", "winback-goodbye"]
