"""The request of a page that only a signed-in customer reaches."""

from django.http import HttpRequest

from apps.accounts.models import User


class SignedInRequest(HttpRequest):
    """What a view behind `login_required` gets: its `user` is never anonymous. For type checkers only."""

    user: User
