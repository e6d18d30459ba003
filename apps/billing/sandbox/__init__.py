"""A stateful HTTP stand-in for the part of Stripe's API that the shop uses.

It runs as its own process (``python -m apps.billing.sandbox --port N``) and is never imported by the rest of the
project: the shop speaks to it with the same client, the same script and the same webhooks as to Stripe itself.
"""
