"""People for tests, made by the real services."""

from datetime import UTC, datetime
from itertools import count

from apps.accounts import services
from apps.accounts.models import User

JOINED = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
PASSWORD = "tall-lemon-tree-42"
_numbers = count(1)


def customer(**changes) -> User:
    """A customer with a verified address and the password PASSWORD, who does not accept marketing."""
    number = next(_numbers)
    facts = {"email": f"anna{number}@example.com", "name": f"Anna Rossi {number}", "password": PASSWORD, "now": JOINED}
    return services.enrol(**{**facts, **changes})


def marketable(**changes) -> User:
    """A customer who accepts marketing."""
    user = customer(**changes)
    services.set_marketing(user, granted=True, source="signup", now=JOINED)
    return user


def staff(**changes) -> User:
    """A superuser who may enter the back office."""
    number = next(_numbers)
    facts = {
        "email": f"staff{number}@example.com",
        "name": f"Staff {number}",
        "password": PASSWORD,
        "joined_at": JOINED,
    }
    return User.objects.create_superuser(**{**facts, **changes})
