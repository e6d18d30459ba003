"""The story of one customer: complete, in order, and at a fixed price."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts import services as accounts
from apps.billing import hints, refunds
from apps.billing.gateway.behaviours import decline
from apps.billing.models import Payment
from apps.catalog.models import GuideView
from apps.core import sweeps
from apps.core.money import Money
from apps.insights import timeline
from apps.insights.timeline import Kind
from apps.mail.models import Message
from apps.memberships import services as memberships
from apps.memberships.models import Subscription
from apps.offers.models import Offer
from tests.factories import accounts as people
from tests.factories import memberships as members
from tests.factories import offers as make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def story(gateway, now):
    """A customer in the control arm with some of everything: declined, recovered, refunded, cancelled, won back."""
    user = make.customer_in("control", "upgrade", marketing=True)
    subscription = members.member(
        gateway, "grove", now=now, user=user, script=(decline("insufficient_funds", first=2, times=1),)
    )
    [guide, _other] = make.opened(user, 3, 3, at=now + DAY)
    GuideView.objects.create(customer=user, product=guide, locked=True, at=now + 2 * DAY)
    sweeps.run("offers.suggest", now=now + 3 * DAY)
    sweeps.run("campaigns.advance", now=now + 3 * DAY)
    memberships.redeem_points(user, points=40, key="one", now=now + 4 * DAY)
    renewal = subscription.next_bill_at
    for at in (renewal, renewal + DAY):
        for name in ("memberships.bill", "billing.collect", "billing.dunning", "billing.collect"):
            sweeps.run(name, now=at)
    first = Payment.objects.succeeded().earliest("pk")
    refunds.request(first.pk, amount=Money(300, "EUR"), key="sorry", reason="A kind word", now=renewal + 2 * DAY)
    sweeps.run("billing.refund", now=renewal + 2 * DAY)
    dispute = gateway.open_dispute(first.gateway_id)
    hints.dispute_moved(dispute_id=dispute.id, intent_id=first.gateway_id, now=renewal + 2 * DAY)
    gateway.decide_dispute(dispute.id, won=False)
    sweeps.run("billing.disputes", now=renewal + 3 * DAY)
    subscription.refresh_from_db()
    memberships.request_cancel(subscription.pk, customer=user, now=renewal + 3 * DAY, reason="moving")
    accounts.set_marketing(user, granted=False, source="account", now=renewal + 4 * DAY)
    sweeps.run("memberships.end", now=Subscription.objects.get(pk=subscription.pk).ends_at)
    return user


def test_everything_is_there_newest_first(story):
    moments = timeline.of(story)
    assert moments == sorted(moments, key=lambda moment: moment.at, reverse=True)
    assert {moment.kind for moment in moments} == set(Kind)
    found = Counter(moment.kind for moment in moments)
    assert (found[Kind.INVOICE], found[Kind.DISPUTE]) == (3, 2)
    assert found[Kind.PAYMENT] == 3
    assert (found[Kind.REFUND], found[Kind.DUNNING], found[Kind.OFFER]) == (1, 2, 2)
    assert found[Kind.MAIL] == Message.objects.filter(user_id=story.pk).count() > 5
    assert found[Kind.GUIDE] == 2
    assert (found[Kind.CREDIT], found[Kind.CONSENT], found[Kind.ACCOUNT]) == (2, 3, 1)


@pytest.mark.parametrize(
    ("kind", "title", "detail"),
    [
        (Kind.PAYMENT, "Payment of €11.60: declined", "insufficient_funds"),
        (Kind.PAYMENT, "Payment of €11.60: succeeded", "attempt 2"),
        (Kind.REFUND, "Refund of €3.00: succeeded", "A kind word"),
        (Kind.INVOICE, "Credit note ORC-000001: €3.00", "back to the card · A kind word"),
        (Kind.DISPUTE, "Dispute: lost", "fraudulent"),
        (Kind.MEMBERSHIP, "Grove: payment overdue", "insufficient_funds"),
        (Kind.MEMBERSHIP, "Grove: ended", "cancelled"),
        (Kind.POINTS, "-40 points", "redeemed"),
        (Kind.CREDIT, "Credit granted: €0.40", "Points redeemed"),
        (Kind.OFFER, "Offer made: Upgrade: Conservatory", "Control group"),
        (Kind.CONSENT, "Marketing mail: withdrawn", "account"),
        (Kind.CAMPAIGN, "Win-back: begun", ""),
        (Kind.DUNNING, "Recovery: recovered", ""),
    ],
)
def test_a_moment_says_what_happened(story, kind, title, detail):
    assert any(moment.title == title and detail in moment.detail for moment in timeline.of(story, kind=kind))


def test_a_guide_is_one_moment_with_its_number_of_openings(story):
    views = sorted(moment.detail for moment in timeline.of(story, kind=Kind.GUIDE))
    assert views == ["preview only · opened 1 time", "preview only · opened 2 times"]


def test_mails_lead_to_their_preview(story):
    newest = timeline.of(story, kind=Kind.MAIL)[0]
    mail = Message.objects.filter(user_id=story.pk, subject=newest.title).first()
    assert newest.url == reverse("admin:mail_message_change", args=[mail.pk])


def test_nothing_of_anybody_else(story, gateway, now):
    other = people.customer()
    members.member(gateway, "estate", now=now, user=other)
    assert not any("Estate" in moment.title for moment in timeline.of(story))
    assert len(timeline.of(people.customer())) == 1


def test_the_number_of_queries_does_not_grow_with_the_story(story, gateway, now):
    newcomer = people.customer()
    members.member(gateway, "grove", now=now, user=newcomer)

    def queries(user) -> int:
        with CaptureQueriesContext(connection) as captured:
            timeline.of(user)
        return len(captured)

    assert queries(story) == queries(newcomer) <= 19


def test_the_page_shows_the_story_by_pages_and_by_kind(story, staff):
    url = reverse("admin:insights_customer", args=[story.pk])
    page = staff.get(url)
    assert page.status_code == 200
    text = page.content.decode()
    assert story.email in text
    assert "At a glance" in text
    assert len(page.context["page"].object_list) == min(50, len(timeline.of(story)))
    only = staff.get(url, {"kind": "payment"})
    assert {moment.kind for moment in only.context["page"]} == {Kind.PAYMENT}
    assert staff.get(url, {"kind": "nonsense", "page": "x"}).status_code == 200


def test_the_glance_says_how_things_stand(gateway, staff, now):
    half = members.promotion(now=now, duration="repeating", periods=2)
    subscription = members.member(gateway, "grove", now=now, promotion=half)
    page = staff.get(reverse("admin:insights_customer", args=[subscription.customer_id]))
    glance = page.context["glance"]
    assert (glance.subscription, glance.points, glance.points_worth) == (subscription, 38, Money(38, "EUR"))
    assert (glance.next_charge, glance.next_charge_at) == (Money(600, "EUR"), subscription.next_bill_at)
    assert (glance.card.last4, glance.owed, glance.credits) == ("4242", [], [])


def test_the_story_is_reached_from_the_accounts(gateway, staff, story):
    url = reverse("admin:insights_customer", args=[story.pk])
    assert url in staff.get(reverse("admin:accounts_user_changelist"), {"q": story.email}).content.decode()
    assert staff.get(reverse("admin:accounts_user_open_story", args=[story.pk])).url == url


def test_customers_do_not_see_it(client, story):
    client.force_login(story)
    response = client.get(reverse("admin:insights_customer", args=[story.pk]))
    assert response.status_code == 302
    assert Offer.objects.get(customer=story).shown_at is None


def test_nobody_is_404(staff):
    assert staff.get(reverse("admin:insights_customer", args=[10**9])).status_code == 404
