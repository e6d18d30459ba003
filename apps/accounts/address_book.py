"""The addresses that a customer keeps. An address is as `addresses.normalise` returns it, with the phone."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from .models import Address, User

# So many are kept of one customer.
MOST = 20


class BookFull(Exception):
    """So many addresses are kept already; the text is for people."""

    def __init__(self) -> None:
        super().__init__(_("You have saved %(most)d addresses. Please remove one first.") % {"most": MOST})


@transaction.atomic
def use(user: User, address: Mapping[str, str]) -> Address:
    """Keep the address that something is sent to as the one that is used first. One that is known already is not kept
    twice; of too many, the one that was saved first is forgotten."""
    _lock(user)
    return _put_first(user, _known(user, address) or Address(customer=user, **address))


@transaction.atomic
def add(user: User, address: Mapping[str, str]) -> Address:
    """Keep another address. The first of all is used first; one that is known already is not kept twice. Raises
    BookFull."""
    _lock(user)
    known = _known(user, address)
    if known is not None:
        return known
    count = Address.objects.of(user).count()
    if count >= MOST:
        raise BookFull
    return Address.objects.create(customer=user, is_default=not count, **address)


@transaction.atomic
def change(user: User, address_id: int, address: Mapping[str, str]) -> Address:
    """Correct an address. Where it becomes the same as another, one of them is left. Orders keep what they were sent
    to. Raises Address.DoesNotExist for one that is not theirs."""
    _lock(user)
    row = Address.objects.of(user).get(pk=address_id)
    same = _known(user, address)
    if same is not None and same != row:
        row.delete()
        return _put_first(user, same) if row.is_default else same
    for name, value in address.items():
        setattr(row, name, value)
    row.save()
    return row


@transaction.atomic
def choose(user: User, address_id: int) -> Address:
    """The address that is used first from now on. Raises Address.DoesNotExist for one that is not theirs."""
    _lock(user)
    return _put_first(user, Address.objects.of(user).get(pk=address_id))


@transaction.atomic
def remove(user: User, address_id: int) -> None:
    """Forget an address. After the one that was used first, the one that was saved last is. One that is gone, or is not
    theirs, changes nothing."""
    _lock(user)
    Address.objects.of(user).filter(pk=address_id).delete()
    first = Address.objects.of(user).first()
    if first is not None and not first.is_default:
        _put_first(user, first)


def _lock(user: User) -> None:
    """All writes of one customer's addresses go one after the other."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _known(user: User, address: Mapping[str, str]) -> Address | None:
    return Address.objects.of(user).filter(**address).first()


def _put_first(user: User, address: Address) -> Address:
    """Save the address as the one that is used first."""
    Address.objects.of(user).filter(is_default=True).exclude(pk=address.pk).update(is_default=False)
    address.is_default = True
    address.save()
    too_many = list(Address.objects.of(user).values_list("pk", flat=True)[MOST:])
    Address.objects.filter(pk__in=too_many).delete()
    return address
