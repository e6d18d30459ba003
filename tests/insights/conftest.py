"""The gateway of these tests: in memory, scripted by card."""

from tests.memberships.conftest import gateway

__all__ = ["gateway"]
