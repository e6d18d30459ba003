"""What memberships announces to the apps above it. All are sent inside the transaction that made them true."""

from django.dispatch import Signal

subscription_activated = Signal()
"""A subscription became active. Arguments: `subscription_id`, `now`."""

subscription_changed = Signal()
"""A subscription got another plan or interval, at once or at the start of a period. Arguments: `subscription_id`,
`now`.

A new version of the same price is not announced: it can be that of a whole plan at once."""

subscription_cancelled = Signal()
"""A customer asked to cancel; the service goes on until `ends_at`. Arguments: `subscription_id`, `now`."""

subscription_ended = Signal()
"""A subscription that had been active ended. Arguments: `subscription_id`, `reason` (a value of EndReason), `now`."""

goods_asked_for = Signal()
"""Who withdraws from what sends goods gets the money back when the goods are back. A receiver answers whether goods of
the subscription are with the customer or on their way: True or False. Arguments: `subscription_id`."""

destinations_asked_for = Signal()
"""What sends goods is taxed where they go. A receiver answers to which country (ISO 3166 alpha-2) the goods go, for
those of the contracts of which it knows: a dict by contract. Arguments: `contracts`, pairs of the customer's id and
the group of plans."""

periods_paid = Signal()
"""Periods of subscriptions are paid for, in a batch: first ones, renewals and given ones, not the rest of a period that
a change of plan costs. Arguments: `period_ids`, `now`.

A period may be announced again: who receives it must not act twice. One whose start lies ahead was renewed early, or
prolongs a gift."""
