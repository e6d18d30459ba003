"""Something ran out: staff decide once for everybody, and the workers carry it out, customer by customer.

stop = stopping.decide(box, kind=..., actor=..., now=now)    the form in the back office
stopping.carry_out(now=now)                                  the sweep; what was done before is not done again
"""

from .carrying import carry_out
from .deciding import Reach, decide, reach

__all__ = ["Reach", "carry_out", "decide", "reach"]
