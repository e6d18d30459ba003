"""What mail asks of the apps above it."""

from django.dispatch import Signal

#: Sent right before a marketing message leaves, with `user_id` (int). A receiver returns False when this person does
#: not accept marketing now; the message is then cancelled. Other answers let it go.
marketing_about_to_leave = Signal()
