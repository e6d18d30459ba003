"""Compute the books again from what they were computed from, and report every difference.

Every line from its stored inputs, its tax from its amount, its period from the anchor; every invoice from its lines;
its postings from the invoice; and the revenue of each month from the line. What is read of a batch is one snapshot of
the database, so a shop that goes on working makes no difference. Nothing is written.
"""

from .differences import Difference
from .walking import Batch, count, resume_from, walk, whole_ledger

__all__ = ["Batch", "Difference", "count", "resume_from", "walk", "whole_ledger"]
