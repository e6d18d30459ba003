"""What insights writes: results about the book, never the book itself."""

from .rehearsals import Anomaly, AnomalyRule, Rehearsal

__all__ = ["Anomaly", "AnomalyRule", "Rehearsal"]
