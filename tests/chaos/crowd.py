"""Who comes to the shop at once, for locust: visitors who look around, and guests who buy.

    locust -f tests/chaos/crowd.py --headless --users 220 --spawn-rate 20 --run-time 2m --host http://127.0.0.1:8000

A buyer does over HTTP what a browser does, the card's set-up at the gateway included; BUYERS says how many of the users
buy, GATEWAY where the gateway is and THING what is bought. What is sold out is no error.
"""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from itertools import count
from random import choice

from locust import FastHttpUser, between, task

BUYERS = int(os.environ.get("BUYERS", "20"))
GATEWAY = os.environ.get("GATEWAY", "")
THING = os.environ.get("THING", "/shop/lemon-femminello/")
_SHELVES = ("/shop/c/trees/", "/shop/", "/shop/?sort=price", "/shop/?members=on", "/guides/", "/pricing/")
_WORDS = ("lemon", "orange", "pot", "lemmon", "pruning", "feed")
_CARD = {
    "payment_method_data[type]": "card",
    "payment_method_data[card][number]": "4242424242424242",
    "payment_method_data[card][exp_month]": "12",
    "payment_method_data[card][exp_year]": "2035",
    "payment_method_data[card][cvc]": "123",
}
_PERSON = {
    "name": "Gina Guest",
    "line1": "Via Roma 1",
    "postal_code": "80067",
    "city": "Sorrento",
    "region": "NA",
    "country": "IT",
    "agree": "on",
}
_numbers = count(1)


class Page(HTMLParser):
    """The fields of a page's forms by the address they are sent to, the form of the card, and the goods it links to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.card: dict[str, str] = {}
        self.goods: list[str] = []
        self._fields: dict[str, str] = {}
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._fields = self.forms.setdefault(facts.get("action", ""), {})
            if "js-card" in facts.get("class", ""):
                self.card = facts
        elif tag == "input" and (facts.get("type") not in ("checkbox", "radio") or "checked" in facts):
            self._fields.setdefault(facts.get("name", ""), facts.get("value", ""))
        elif tag == "select":
            self._select = facts.get("name", "")
        elif tag == "option" and ("selected" in facts or self._select not in self._fields):
            self._fields[self._select] = facts.get("value", "")
        elif tag == "a" and re.fullmatch(r"/shop/[a-z0-9-]+/", facts.get("href", "")):
            self.goods.append(facts["href"])


class Visitor(FastHttpUser):
    """Looks around: the home page, the shelves, a product, a search."""

    wait_time = between(1, 5)

    @task(2)
    def home(self) -> None:
        self.client.get("/", name="home")

    @task(5)
    def look_around(self) -> None:
        shelf = self.client.get(choice(_SHELVES), name="shelf")
        goods = Page(shelf.text or "").goods
        if goods:
            self.client.get(choice(goods), name="product")

    @task(1)
    def search(self) -> None:
        self.client.get(f"/shop/search/?q={choice(_WORDS)}", name="search")


class Buyer(FastHttpUser):
    """Buys one thing as a guest, and comes back as another."""

    wait_time = between(2, 6)
    fixed_count = BUYERS

    @task
    def buy(self) -> None:
        self.client.cookiejar.clear()
        shown = Page(self._get(THING, "product to buy"))
        if "/basket/add/" not in shown.forms:
            return  # sold out
        self._send("/basket/add/", shown.forms["/basket/add/"] | {"quantity": "1"}, "basket add")
        form = Page(self._get("/checkout/", "checkout")).forms.get("/checkout/")
        if form is None:
            return  # sold out since
        form.pop("code", None)
        email = f"crowd{next(_numbers)}-{os.getpid()}@example.com"
        paying = Page(self._send("/checkout/", form | _PERSON | {"email": email}, "checkout sent"))
        if paying.card:
            self._pay(paying)

    def _pay(self, page: Page) -> None:
        secret = page.card["data-client-secret"]
        setup = secret.split("_secret_")[0]
        key = {"client_secret": secret, "key": page.card["data-publishable-key"]}
        where = self._here
        self._send(f"{GATEWAY}/v1/setup_intents/{setup}/confirm", key | _CARD, "gateway: card")
        [fields] = [fields for fields in page.forms.values() if "setup_intent" in fields]
        self._send(where, fields | {"setup_intent": setup}, "pay")

    def _get(self, path: str, name: str) -> str:
        answer = self.client.get(path, name=name)
        self._here = answer.url or path
        return answer.text or ""

    def _send(self, path: str, fields: dict[str, str], name: str) -> str:
        answer = self.client.post(path, data=fields, headers={"Referer": f"{self.host}/"}, name=name)
        self._here = answer.url or path
        return answer.text or ""
