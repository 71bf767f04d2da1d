"""A shop whose domain has letters beyond ASCII: what stands on the wire is what the ledger names and a browser opens."""

from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from data.config import Config, use_config
from data.database import now, unit
from data.secrets import use_keys
from domain.book.message_types import MessageType
from domain.channels.channel import Draft, Parcel
from domain.channels.email import EmailJob, letter, links, message_id, written

SENDER = "hello@bücher.example"


@pytest.fixture
def shop(shop_db: Path) -> Path:
    use_keys(b"a secret of the tests of foreign names")
    use_config(Config(data=shop_db.parent, base_url="https://bücher.example/läden/"))
    return shop_db


def sent(sender: str) -> Any:
    facts = {"shop_name": "Bücher", "postal_address": "Gasse 1, Wien"}
    draft = Draft(MessageType.MARKETING, "Bücher", sender, "", "Grüße", "", "", "Guten Tag", **facts)
    with unit() as session:
        job = EmailJob(letter(session, draft), [], sender, links())
    parcel = Parcel(5, 1, 2, "ana@example.org", {}, now())
    return message_from_bytes(written(job, parcel), policy=default)


def test_the_number_in_the_ledger_is_the_one_that_was_sent(shop: Path) -> None:
    number = message_id(SENDER, 2, 5, 1)
    assert str(sent(SENDER)["Message-ID"]) == number
    assert number.endswith("@xn--bcher-kva.example>")


@pytest.mark.parametrize("sender", ["", "nobody", "x@", "x@-.-"])
def test_a_sender_without_a_proper_domain_still_has_a_number(shop: Path, sender: str) -> None:
    assert message_id(sender, 2, 5, 1).isascii()
    assert message_id("", 2, 5, 1).endswith("@localhost>")


def test_the_way_out_names_the_shops_host_in_full(shop: Path) -> None:
    way_out = str(sent(SENDER)["List-Unsubscribe"]).strip(" <>")
    assert way_out == links().unsubscribe(5)
    assert way_out.startswith("https://xn--bcher-kva.example/l%C3%A4den/u/")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://mail.my-shop.com/", "https://mail.my-shop.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://Bücher.example:8443", "https://xn--bcher-kva.example:8443"),
        ("https://my_shop.local/a%20b", "https://my_shop.local/a%20b"),
    ],
)
def test_a_web_address_is_kept_as_a_browser_opens_it(tmp_path: Path, given: str, kept: str) -> None:
    assert Config(data=tmp_path, base_url=given).public_url == kept


@pytest.mark.parametrize("given", ["https://bü cher.example", "https://ü..example", "ftp://shop.example"])
def test_a_host_that_cannot_be_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(ValidationError, match="web address"):
        Config(data=tmp_path, base_url=given)
