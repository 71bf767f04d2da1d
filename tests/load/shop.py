"""The invented shop that the benches send from: Olive, her customers, one campaign to all of them."""

import os
from pathlib import Path

from sqlalchemy import insert

import main as handbill
from data.database import now, unit
from domain.book.customers import Customer
from domain.book.suppressions import fingerprint
from domain.sending import campaigns
from domain.shop import people, shop
from domain.shop.people import Actor

OLIVE = "olive@marlow.example"
PARAGRAPH = "<p>Every ring in the collection is made by hand in our workshop, and finished to order.</p>\n"
BODY = '<p>Dear {{ firstName | default: "friend" }} {{ lastName }},</p>\n' + PARAGRAPH * 55
AT_ONCE = 10_000  # customers written in one statement


def open_shop(folder: Path, port: int) -> Actor:
    """Its mail account is the sink at that port. The same folder may be opened again, by another process."""
    os.environ |= {
        "HANDBILL_DATA": str(folder),
        "HANDBILL_SMTP_URL": f"smtp://127.0.0.1:{port}?security=none",
    }
    handbill.open_shop()
    with unit() as session:
        known = people.by_email(session, OLIVE)
        if known is not None:
            return known.as_actor("command")
        owner = people.found_shop_owner(
            session, email=OLIVE, name="Olive", password="correct horse battery", now=now()
        )
        olive = owner.as_actor("command")
        facts = {"name": "Marlow", "postal_address": "1 High Street", "sender_email": "hello@marlow.example"}
        shop.change(session, facts, by=olive, now=now())
    return olive


def write_in(customers: int) -> None:
    moment = now()
    usual = {
        "active_at": moment,
        "created_at": moment,
        "updated_at": moment,
        "attrs": {},
        "last_name": "Müller",
    }
    for start in range(0, customers, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, customers))
        rows = [{"first_name": f"Anna {i % 700}", **_address(i), **usual} for i in numbers]
        with unit() as session:
            session.execute(insert(Customer), rows)


def _address(number: int) -> dict[str, str]:
    address = f"customer{number}@host{number % 97}.example"
    return {"email": address, "email_key": address, "email_hash": fingerprint(address)}


def write_campaign(olive: Actor) -> int:
    content = {
        "name": "Autumn",
        "subject": "{{ firstName }}, the autumn collection is here",
        "html_body": BODY,
    }
    with unit() as session:
        return campaigns.create(session, content, by=olive, now=now()).id
