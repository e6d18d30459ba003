"""Boxes: what each customer gets, when and where, and how it becomes an order.

The contract and its money are memberships'. A period that is paid owes a parcel (`owing`), which the workers turn into
an order on its day (`making`); until the cut-off the customer plans it (`planning`). What ran out is decided once for
everybody (`stopping`), what was bought beside is packed with it (`extras`), and its money goes
back by parts (`worth`).
"""
