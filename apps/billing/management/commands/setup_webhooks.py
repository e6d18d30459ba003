"""`manage.py setup_webhooks`: have Stripe, or the sandbox, tell this shop what happens."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from apps.billing import webhooks
from apps.billing.gateway import GatewayError, endpoint


class Command(BaseCommand):
    help = "Creates the webhook endpoint of SITE_URL at Stripe and stores its secret. Safe to repeat."

    def handle(self, *args, **options) -> None:
        try:
            action, url = endpoint.ensure(site_url=settings.SITE_URL, events=webhooks.EVENTS)
        except GatewayError as error:
            raise CommandError(str(error)) from error
        message = {
            endpoint.CREATED: _("Created the webhook endpoint %(url)s with %(count)s kinds of events."),
            endpoint.UPDATED: _("Updated the webhook endpoint %(url)s to %(count)s kinds of events."),
            endpoint.KEPT: _("The webhook endpoint %(url)s is set up already, with %(count)s kinds of events."),
        }[action]
        self.stdout.write(message % {"url": url, "count": len(webhooks.EVENTS)})
