"""Signing up and in through the real pages, with the mails they put in the outbox."""

import re
from pathlib import Path

import allauth
import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.urls import reverse

from apps.accounts import consents
from apps.accounts.adapter import SECRET_KINDS
from apps.accounts.models import Consent, User
from apps.core import clock
from apps.mail.delivery import deliver_due
from apps.mail.models import Message
from tests.factories import accounts

pytestmark = pytest.mark.django_db

FORM = {"name": "Anna Rossi", "email": "Anna@Example.com", "password1": accounts.PASSWORD}


def sign_up(client, **changes):
    return client.post(reverse("account_signup"), {**FORM, **changes})


def link_in(message: Message) -> str:
    (link,) = set(re.findall(r"http://testserver(/accounts/(?:confirm-email|password/reset/key)/\S+)", message.text))
    return link


def test_the_page_asks_for_name_address_password_and_an_unticked_choice(client):
    page = client.get(reverse("account_signup")).content.decode()
    form = page[page.index('class="entrance"') :]
    names = re.findall(r'<input type="(?:text|email|password|checkbox)"[^>]*name="(\w+)"', form)
    assert names == ["name", "email", "password1", "accepts_marketing"]
    assert re.search(r'<input type="checkbox"[^>]*name="accepts_marketing"[^>]*>', page)[0].count("checked") == 0
    assert consents.marketing_text() in page


def test_sign_up_verify_and_be_in(client):
    response = sign_up(client)
    assert response.status_code == 302
    assert response.url == reverse("account_email_verification_sent")
    user = User.objects.get()
    assert (user.email, user.name, user.locale, user.accepts_marketing) == (
        "anna@example.com",
        "Anna Rossi",
        "en",
        False,
    )
    assert Consent.objects.count() == 0
    assert "_auth_user_id" not in client.session

    message = Message.objects.get()
    assert (message.kind, message.stream, message.status) == ("account-email-confirmation-signup", "service", "pending")
    assert (message.to_email, message.user_id, message.secret) == ("anna@example.com", user.pk, True)
    assert mail.outbox == []
    assert deliver_due(now=clock.now()) == 1
    assert [email.to for email in mail.outbox] == [["anna@example.com"]]

    link = link_in(message)
    assert client.get(link).status_code == 200
    assert EmailAddress.objects.get().verified is False
    assert client.post(link).status_code == 302
    assert EmailAddress.objects.get().verified is True
    assert int(client.session["_auth_user_id"]) == user.pk


def test_a_ticked_box_is_consent_with_its_words(client):
    sign_up(client, accepts_marketing="on")
    consent = Consent.objects.get()
    assert (consent.kind, consent.granted, consent.source) == ("marketing", True, "signup")
    assert (consent.version, consent.text) == (consents.MARKETING_VERSION, consents.marketing_text())
    assert User.objects.get().accepts_marketing is True
    assert not User.objects.marketable().exists()


def test_the_language_of_the_page_becomes_the_customers(client):
    client.post(f"/it{reverse('account_signup')}", FORM)
    assert User.objects.get().locale == "it"
    assert Message.objects.get().locale == "it"


@pytest.mark.parametrize(
    "bad", [{"email": "not-an-address"}, {"email": ""}, {"name": ""}, {"password1": "12345678"}, {"password1": ""}]
)
def test_bad_input_is_shown_and_changes_nothing(client, bad):
    response = sign_up(client, **bad)
    assert response.status_code == 200
    (field,) = bad
    assert list(response.context["form"].errors) == [field]
    assert f'id="id_{field}_error"' in response.content.decode()
    assert (User.objects.count(), Message.objects.count()) == (0, 0)


def test_a_stranger_cannot_learn_who_has_an_account(client):
    known = accounts.customer(email="anna@example.com")
    taken = sign_up(client)
    free = sign_up(client, email="other@example.com")
    assert (taken.status_code, taken.url) == (free.status_code, free.url)
    assert User.objects.filter(email="anna@example.com").get() == known
    told = Message.objects.get(to_email="anna@example.com")
    assert told.kind == "account-already-exists"
    assert reverse("account_reset_password") in told.text

    reset = client.post(reverse("account_reset_password"), {"email": "nobody@example.com"})
    real = client.post(reverse("account_reset_password"), {"email": "anna@example.com"})
    assert (reset.status_code, reset.url) == (real.status_code, real.url)
    assert Message.objects.get(to_email="nobody@example.com").kind == "account-unknown-account"


def test_without_verification_nobody_is_in(client):
    sign_up(client)
    response = client.post(reverse("account_login"), {"login": "anna@example.com", "password": accounts.PASSWORD})
    assert response.url == reverse("account_email_verification_sent")
    assert "_auth_user_id" not in client.session


def test_a_doubled_click_sends_one_mail(client):
    user = accounts.customer()
    adapter_mails = [client.post(reverse("account_reset_password"), {"email": "nobody@example.com"}) for _ in range(2)]
    assert [response.status_code for response in adapter_mails] == [302, 302]
    assert Message.objects.filter(to_email="nobody@example.com").count() == 1
    assert not Message.objects.filter(user_id=user.pk).exists()


def test_reset_the_password_and_be_told(client):
    user = accounts.customer(email="anna@example.com", locale="fr")
    client.post(reverse("account_reset_password"), {"email": "ANNA@example.com"})
    message = Message.objects.get()
    assert (message.kind, message.locale, message.secret) == ("account-password-reset-key", "fr", True)
    entrance = client.get(link_in(message))
    new = "quite-another-tree-43"
    response = client.post(entrance.url, {"password1": new, "password2": new})
    assert response.status_code == 302
    user.refresh_from_db()
    assert user.check_password(new)
    told = Message.objects.get(kind="account-password-reset")
    assert (told.user_id, told.secret) == (user.pk, False)
    assert "127.0.0.1" in told.text


def test_log_in_with_any_case_and_out(client):
    user = accounts.customer(email="anna@example.com")
    client.post(reverse("account_login"), {"login": "ANNA@example.com", "password": accounts.PASSWORD})
    assert int(client.session["_auth_user_id"]) == user.pk
    client.post(reverse("account_logout"))
    assert "_auth_user_id" not in client.session


def test_too_many_wrong_passwords_are_stopped(client):
    accounts.customer(email="anna@example.com")
    wrong = {"login": "anna@example.com", "password": "wrong"}
    for _attempt in range(5):
        response = client.post(reverse("account_login"), wrong)
        assert "are not correct" in response.content.decode()
    response = client.post(reverse("account_login"), {**wrong, "password": accounts.PASSWORD})
    assert "Too many failed login attempts" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_whoever_is_in_is_sent_on_from_the_sign_up_page(client):
    client.force_login(accounts.customer())
    response = client.get(reverse("account_signup"))
    assert (response.status_code, response.url) == (302, "/account/")


def test_every_mail_of_allauth_has_its_letter():
    templates = Path(allauth.__file__).parent / "templates"
    names = [
        path.name.removesuffix("_subject.txt")
        for folder in ("account/email", "mfa/email")
        for path in (templates / folder).glob("*_subject.txt")
        if not path.name.startswith("webauthn")
    ]
    letters = Path(__file__).parents[2] / "templates" / "mail"
    kinds = {"account-" + name.removeprefix("account_").replace("_", "-") for name in names}
    assert len(kinds) == 16
    assert [kind for kind in sorted(kinds) if not (letters / f"{kind}.html").is_file()] == []
    assert kinds >= SECRET_KINDS
