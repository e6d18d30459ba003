"""The numbers of documents, without a gap."""

from __future__ import annotations

from django.db import connection

from .models import InvoiceSeries


def take(code: str, count: int) -> tuple[InvoiceSeries, int]:
    """The series and the first of `count` numbers taken from it. Raises InvoiceSeries.DoesNotExist.

    The series is locked until the caller's transaction ends, and a rollback gives the numbers back.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_invoiceseries SET next_number = next_number + %s WHERE code = %s"
            " RETURNING id, code, prefix, next_number",
            [count, code],
        )
        row = cursor.fetchone()
    if row is None:
        raise InvoiceSeries.DoesNotExist(f"There is no invoice series {code}")
    series = InvoiceSeries(id=row[0], code=row[1], prefix=row[2], next_number=row[3])
    return series, series.next_number - count
