"""What billing announces. All are sent inside the transaction that makes them true, with `send`: a receiver that raises
rolls it back.

invoices_paid(invoice_ids, now)               nothing is owed on the invoices any more because they were paid
payment_failed(invoice_id, payment_id, now)   an attempt was declined or needs the customer; the invoice is still open
dunning_exhausted(invoice_id, action, now)    the recovery ended without money. `action` is what the policy says
                                              (DunningPolicy.FinalAction): the invoice is uncollectible and what it was
                                              for ends (END) or goes on (WRITE_OFF), or it stays open (LEAVE_OPEN)
invoice_voided(invoice_id, now)               the invoice was withdrawn
"""

from django.dispatch import Signal

invoices_paid = Signal()
payment_failed = Signal()
dunning_exhausted = Signal()
invoice_voided = Signal()
