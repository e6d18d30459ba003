"""Gifts: bought once by one customer, redeemed once by another.

    gift = buying.start(user, price_id, periods=3, recipient=..., terms_version=..., terms_text=..., now=now)
    buying.attach_setup(gift.token, user=user, setup_id=started.id)        the card page
    gift = buying.complete(gift.token, user=user, setup_id=..., now=now)   the return from it; repeatable

    effect = redeeming.effect_of(gift, customer=user, now=now)             said before redeeming
    redeeming.redeem(gift.code, customer=user, shown=effect.use, now=now)

What is paid is a liability (the account `gifts`) until the code is redeemed: a gift can become a membership in another
country, or credit for another plan, so it is a multi-purpose voucher (Directive 2006/112/EC, Art. 30a and 30b). No VAT
is due when it is sold; when it is redeemed it pays an ordinary invoice, with the VAT of where the recipient lives.
"""
