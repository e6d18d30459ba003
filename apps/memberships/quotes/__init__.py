"""What a purchase costs, before and when it is made: the page that shows it and the invoice that charges it both come
from here, so they cannot differ. Totals include the tax that the customer is charged."""

from .changing import Change, change
from .joining import FirstCharge, first_charge
from .totals import local_day, next_total, renewal_total

__all__ = ["Change", "FirstCharge", "change", "first_charge", "local_day", "next_total", "renewal_total"]
