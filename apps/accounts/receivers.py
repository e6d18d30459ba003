"""Answers to what the apps below ask."""

from django.dispatch import receiver

from apps.mail import signals as mail_signals

from .models import User


@receiver(mail_signals.marketing_about_to_leave)
def still_accepts_marketing(sender, *, user_id: int, **kwargs) -> bool:
    """Whether marketing may go to this person at this moment."""
    return User.objects.marketable().filter(pk=user_id).exists()
